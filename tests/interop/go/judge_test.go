package interop

import (
	"strings"
	"sync"
	"testing"
	"time"

	goadmin "github.com/apache/incubator-pegasus/go-client/admin"
	"github.com/apache/incubator-pegasus/go-client/idl/admin"
)

const (
	prepare = admin.DuplicationStatus_DS_PREPARE
	log     = admin.DuplicationStatus_DS_LOG
	pause   = admin.DuplicationStatus_DS_PAUSE
	removed = admin.DuplicationStatus_DS_REMOVED
	slow    = admin.DuplicationFailMode_FAIL_SLOW
	skip    = admin.DuplicationFailMode_FAIL_SKIP
)

// since24 are the generations whose status numbers this client knows.
var since24 = []string{"checkpoint", "remote-name", "dup-exist", "idempotent"}

// forEach runs a test against a server of each of these generations.
func forEach(t *testing.T, generations []string, test func(t *testing.T, generation string, c *client)) {
	for _, generation := range generations {
		t.Run(generation, func(t *testing.T) {
			s := serve(t, "--behave-as", generation)
			test(t, generation, connect(t, s.addresses...))
		})
	}
}

func TestListsTables(t *testing.T) {
	forEach(t, append([]string{"freezed"}, since24...), func(t *testing.T, _ string, c *client) {
		for _, status := range []admin.AppStatus{admin.AppStatus_AS_INVALID, admin.AppStatus_AS_AVAILABLE} {
			answer, err := c.metas.ListApps(within(t, patience), &admin.ListAppsRequest{Status: status})
			if err != nil || len(answer.Infos) != 2 {
				t.Fatal(err, answer)
			}
			temp, other := answer.Infos[0], answer.Infos[1]
			same(t, "status", temp.Status, admin.AppStatus_AS_AVAILABLE)
			same(t, "type", temp.AppType, "pegasus")
			same(t, "names", temp.AppName+" "+other.AppName, "temp other")
			same(t, "ids", [2]int32{temp.AppID, other.AppID}, [2]int32{1, 2})
			same(t, "partitions", [2]int32{temp.PartitionCount, other.PartitionCount}, [2]int32{8, 4})
			same(t, "replicas", temp.MaxReplicaCount, 3)
		}
		dropped, err := c.metas.ListApps(within(t, patience), &admin.ListAppsRequest{Status: admin.AppStatus_AS_DROPPED})
		if err != nil || len(dropped.Infos) != 0 {
			t.Fatal(err, dropped)
		}
	})
}

// The client for tables sends other requests for the same information.
func TestListsTablesByTheTableClient(t *testing.T) {
	s := serve(t)
	tables, err := goadmin.NewClient(goadmin.Config{MetaServers: s.addresses}).ListTables(within(t, patience))
	if err != nil || len(tables) != 2 || tables[0].Name != "temp" {
		t.Fatal(err, tables)
	}
}

func TestQueriesConfig(t *testing.T) {
	forEach(t, append([]string{"freezed"}, since24...), func(t *testing.T, _ string, c *client) {
		config, err := c.metas.QueryConfig(within(t, patience), "other")
		if err != nil || config.Err.Errno != "ERR_OK" {
			t.Fatal(err, config)
		}
		same(t, "table id", config.AppID, 2)
		same(t, "stateful", config.IsStateful, true)
		same(t, "partitions", [2]int32{config.PartitionCount, int32(len(config.Partitions))}, [2]int32{4, 4})
		for index, partition := range config.Partitions {
			same(t, "table id", partition.Pid.Appid, 2)
			same(t, "index", partition.Pid.PartitionIndex, int32(index))
			same(t, "replicas", partition.MaxReplicaCount, 3)
		}
		missing, err := c.metas.QueryConfig(within(t, patience), "missing")
		if err != nil || missing.Err.Errno != "ERR_OBJECT_NOT_FOUND" {
			t.Fatal(err, missing)
		}
	})
}

// The requests that the official command line sends when it starts.
func TestTellsOfNodesAndCluster(t *testing.T) {
	forEach(t, append([]string{"freezed"}, since24...), func(t *testing.T, behaviour string, c *client) {
		nodes, err := c.metas.ListNodes(within(t, patience), &admin.ListNodesRequest{Status: admin.NodeStatus_NS_INVALID})
		if err != nil || nodes.Err.Errno != "ERR_OK" || len(nodes.Infos) != 0 {
			t.Fatal(err, nodes)
		}
		cluster, err := c.metas.QueryClusterInfo(within(t, patience), &admin.ClusterInfoRequest{})
		if err != nil || cluster.Err.Errno != "ERR_OK" || len(cluster.Keys) != len(cluster.Values) {
			t.Fatal(err, cluster)
		}
		told := map[string]string{}
		for index, key := range cluster.Keys {
			told[key] = cluster.Values[index]
		}
		// Servers of 2.6 report the name of the leader's address, as they do for the nodes.
		leader := told["meta_servers"]
		if behaviour != "freezed" && behaviour != "checkpoint" {
			leader = strings.Replace(leader, "127.0.0.1", "localhost", 1)
		}
		same(t, "leader", told["primary_meta_server"], leader)
		same(t, "name", told["cluster_name"], "onebox")
	})
}

func TestAddsAndQueries(t *testing.T) {
	forEach(t, since24, func(t *testing.T, _ string, c *client) {
		errno, entries := c.query("temp")
		if errno != "ERR_OK" || len(entries) != 0 {
			t.Fatal(errno, entries)
		}
		before := time.Now().Add(-time.Second)
		added := c.add("temp", "target", true)
		same(t, "add", added.Err.Errno, "ERR_OK")
		same(t, "table id", added.Appid, 1)
		if added.Hint != nil && *added.Hint != "" {
			t.Fatalf("a hint without a reason: %v", added)
		}
		c.state("temp", prepare, slow)
		entry := c.only("temp")
		same(t, "dupid", entry.Dupid, added.Dupid)
		same(t, "remote", entry.Remote, "target")
		created := time.UnixMilli(entry.CreateTs)
		if created.Before(before) || created.After(time.Now().Add(time.Second)) {
			t.Fatalf("created at %v", created)
		}
		// A duplication to another cluster, or of another table, is a separate duplication.
		far := c.add("temp", "far", false)
		other := c.add("other", "target", false)
		same(t, "errors", far.Err.Errno+" "+other.Err.Errno, "ERR_OK ERR_OK")
		same(t, "table id", other.Appid, 2)
		if _, entries := c.query("temp"); len(entries) != 2 || far.Dupid == added.Dupid {
			t.Fatal(entries, far, added)
		}
	})
}

// How each generation treats a repeated add in the final state.
func TestAddsAgain(t *testing.T) {
	// The responses to an add with the same checkpoint flag, which is accepted, and with the other flag, which
	// real servers refuse.
	answers := map[string][2]string{
		"checkpoint":  {"ERR_OK", "ERR_OK"},
		"remote-name": {"ERR_OK", "ERR_INVALID_PARAMETERS"},
		"dup-exist":   {"ERR_DUP_EXIST", "ERR_INVALID_PARAMETERS"},
		"idempotent":  {"ERR_DUP_EXIST", "ERR_DUP_EXIST"},
	}
	forEach(t, since24, func(t *testing.T, generation string, c *client) {
		added := c.add("temp", "target", false)
		again := c.add("temp", "target", false)
		same(t, "let through", again.Err.Errno, answers[generation][0])
		same(t, "dupid", again.Dupid, added.Dupid)
		same(t, "table id", again.Appid, added.Appid)
		refused := c.add("temp", "target", true)
		same(t, "refused", refused.Err.Errno, answers[generation][1])
		switch generation {
		case "idempotent":
			same(t, "dupid", refused.Dupid, added.Dupid)
		default:
			same(t, "ids", [2]int32{refused.Appid, refused.Dupid}, [2]int32{0, 0})
		}
		hinted := strings.Contains(refused.GetHint(), "start dup[")
		same(t, "hint", hinted, generation == "remote-name" || generation == "dup-exist")
		c.state("temp", log, slow)
	})
}

// This client does not know the name of the newest error code. In the body of a response this does no harm.
func TestDupExistIsAnErrorAndTheSessionGoesOn(t *testing.T) {
	forEach(t, []string{"dup-exist", "idempotent"}, func(t *testing.T, _ string, c *client) {
		added := c.add("temp", "target", false)
		for range 3 {
			answer, err := c.metas.AddDuplication(within(t, patience), &admin.DuplicationAddRequest{
				AppName: "temp", RemoteClusterName: "target",
			})
			if answer == nil || err == nil || !strings.Contains(err.Error(), "ERR_DUP_EXIST") {
				t.Fatal(answer, err)
			}
			same(t, "dupid", answer.Dupid, added.Dupid)
			same(t, "listed", c.only("temp").Dupid, added.Dupid)
		}
		same(t, "pause", c.setStatus("temp", added.Dupid, pause).Err.Errno, "ERR_OK")
		c.state("temp", pause, slow)
	})
}

func TestPausesStartsAndRemoves(t *testing.T) {
	forEach(t, since24, func(t *testing.T, generation string, c *client) {
		dupid := c.add("temp", "target", false).Dupid
		paused := c.setStatus("temp", dupid, pause)
		same(t, "pause", paused.Err.Errno, "ERR_OK")
		same(t, "table id", paused.Appid, 1)
		c.state("temp", pause, slow)
		// If there is nothing to change, the response has no error and no table id.
		again := c.setStatus("temp", dupid, pause)
		same(t, "pause again", again.Err.Errno, "ERR_OK")
		same(t, "table id", again.Appid, 0)
		same(t, "fail mode", c.setFailMode("temp", dupid, skip).Err.Errno, "ERR_OK")
		c.state("temp", pause, skip)
		same(t, "start", c.setStatus("temp", dupid, log).Err.Errno, "ERR_OK")
		c.state("temp", log, skip)
		// On real servers, a repeated add resumes a paused duplication and resets its fail mode.
		c.setStatus("temp", dupid, pause)
		c.add("temp", "target", false)
		if generation == "idempotent" {
			c.state("temp", pause, skip)
		} else {
			c.state("temp", log, slow)
		}
		same(t, "backwards", c.setStatus("temp", dupid, prepare).Err.Errno, "ERR_INVALID_PARAMETERS")
		same(t, "remove", c.setStatus("temp", dupid, removed).Err.Errno, "ERR_OK")
		if errno, entries := c.query("temp"); errno != "ERR_OK" || len(entries) != 0 {
			t.Fatal(errno, entries)
		}
		same(t, "remove again", c.setStatus("temp", dupid, removed).Err.Errno, "ERR_OBJECT_NOT_FOUND")
		same(t, "add", c.add("temp", "target", false).Err.Errno, "ERR_OK")
	})
}

func TestWrongNames(t *testing.T) {
	forEach(t, append([]string{"freezed"}, since24...), func(t *testing.T, generation string, c *client) {
		errno, entries := c.query("missing")
		if errno != "ERR_APP_NOT_EXIST" || len(entries) != 0 {
			t.Fatal(errno, entries)
		}
		missing := c.add("missing", "target", false)
		same(t, "table", missing.Err.Errno, "ERR_APP_NOT_EXIST")
		hinted := generation != "freezed" && generation != "checkpoint"
		same(t, "hint", missing.GetHint() != "", hinted)
		itself := c.add("temp", "onebox", false)
		same(t, "own cluster", itself.Err.Errno, "ERR_INVALID_PARAMETERS")
		same(t, "hint", itself.GetHint(), "illegal operation: adding duplication to itself")
		nowhere := c.add("temp", "nowhere", false)
		same(t, "cluster", nowhere.Err.Errno, "ERR_INVALID_PARAMETERS")
		if !strings.Contains(nowhere.GetHint(), "nowhere") {
			t.Fatal(nowhere)
		}
		same(t, "modify", c.setFailMode("missing", 1, skip).Err.Errno, "ERR_APP_NOT_EXIST")
		same(t, "dupid", c.setFailMode("temp", 1, skip).Err.Errno, "ERR_OBJECT_NOT_FOUND")
		if errno, entries := c.query("temp"); errno != "ERR_OK" || len(entries) != 0 {
			t.Fatal(errno, entries)
		}
	})
}

// The response to an RPC that the server does not know has a framework error and no body. This client then asks
// the other meta servers until its timeout. The connection can still be used.
func TestAnUnknownRPCLeavesTheSessionAlone(t *testing.T) {
	forEach(t, []string{"freezed", "dup-exist"}, func(t *testing.T, _ string, c *client) {
		_, err := c.metas.QueryManualCompact(within(t, 200*time.Millisecond), &admin.QueryAppManualCompactRequest{AppName: "temp"})
		if err == nil || !strings.Contains(err.Error(), "deadline") {
			t.Fatal(err)
		}
		if errno, _ := c.query("temp"); errno != "ERR_OK" {
			t.Fatal(errno)
		}
	})
}

// Of several adds at once over one connection, one creates the duplication.
func TestRacingAdds(t *testing.T) {
	forEach(t, since24, func(t *testing.T, generation string, c *client) {
		const racers = 20
		answers := make([]*admin.DuplicationAddResponse, racers)
		var all sync.WaitGroup
		for index := range racers {
			all.Add(1)
			go func() {
				defer all.Done()
				answers[index], _ = c.metas.AddDuplication(within(t, patience), &admin.DuplicationAddRequest{
					AppName: "temp", RemoteClusterName: "target",
				})
			}()
		}
		all.Wait()
		dupid := c.only("temp").Dupid
		count := map[string]int{}
		for _, answer := range answers {
			if answer == nil {
				t.Fatal("no response")
			}
			count[answer.Err.Errno]++
			if answer.Dupid != 0 && answer.Dupid != dupid {
				t.Fatalf("another dupid: %v", answer)
			}
		}
		switch generation {
		case "idempotent":
			same(t, "made", [2]int{count["ERR_OK"], count["ERR_DUP_EXIST"]}, [2]int{1, racers - 1})
		case "dup-exist":
			same(t, "made", count["ERR_OK"], 1)
			same(t, "the others", count["ERR_DUP_EXIST"]+count["ERR_BUSY"], racers-1)
		default:
			same(t, "all", count["ERR_OK"]+count["ERR_BUSY"], racers)
		}
	})
}
