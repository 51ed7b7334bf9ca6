package interop

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/incubator-pegasus/go-client/idl/admin"
	"github.com/apache/incubator-pegasus/go-client/idl/replication"
)

// The tests of this file make the calls that the official admin-cli makes for its commands, with the version of the
// client that admin-cli uses. admin-cli itself cannot be a dependency, because the Go module proxy does not have it.

// nameless are the generations whose servers name replica servers by address only. This version of the client can
// read no other names.
var nameless = []string{"freezed", "checkpoint"}

// forEachNameless runs a test against a server with three replica servers, of each of these generations.
func forEachNameless(t *testing.T, test func(t *testing.T, generation string, c *client)) {
	for _, generation := range nameless {
		t.Run(generation, func(t *testing.T) {
			s := serve(t, "--behave-as", generation, "--nodes", "3", "--clock", "fast")
			test(t, generation, connect(t, s.addresses...))
		})
	}
}

// tables returns the tables in this status.
func (c *client) tables(status admin.AppStatus) []*admin.AppInfo {
	c.t.Helper()
	answer, err := c.metas.ListApps(within(c.t, patience), &admin.ListAppsRequest{Status: status})
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.Infos
}

// partitions returns the partitions of a table.
func (c *client) partitions(table string) []*replication.PartitionConfiguration {
	c.t.Helper()
	answer, err := c.metas.QueryConfig(within(c.t, patience), table)
	if err != nil || answer.Err.Errno != "ERR_OK" {
		c.t.Fatal(err, answer)
	}
	return answer.Partitions
}

// nodes returns the addresses of the replica servers that are alive.
func (c *client) nodes() map[string]bool {
	c.t.Helper()
	answer, err := c.metas.ListNodes(within(c.t, patience), &admin.ListNodesRequest{Status: admin.NodeStatus_NS_INVALID})
	if err != nil {
		c.t.Fatal(err)
	}
	alive := map[string]bool{}
	for _, node := range answer.Infos {
		same(c.t, "status", node.Status, admin.NodeStatus_NS_ALIVE)
		alive[node.Address.GetAddress()] = true
	}
	return alive
}

// ready waits until each partition of the table has a primary and two secondaries.
func (c *client) ready(table string, partitions int) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ready := 0
		for _, partition := range c.partitions(table) {
			if partition.Primary.GetRawAddress() != 0 && len(partition.Secondaries)+1 == 3 {
				ready++
			}
		}
		if ready == partitions {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: %d of %d partitions are ready", table, ready, partitions)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *client) create(table string) (*admin.CreateAppResponse, error) {
	return c.metas.CreateApp(within(c.t, patience), &admin.CreateAppRequest{
		AppName: table,
		Options: &admin.CreateAppOptions{
			PartitionCount: 4, ReplicaCount: 3, IsStateful: true, AppType: "pegasus", Envs: map[string]string{},
		},
	})
}

func (c *client) drop(table string) {
	c.t.Helper()
	reserve := int64(3600)
	_, err := c.metas.DropApp(within(c.t, patience), &admin.DropAppRequest{
		AppName: table,
		Options: &admin.DropAppOptions{SuccessIfNotExist: true, ReserveSeconds: &reserve},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// The command `nodes`. It ends with a panic if the list of nodes is empty, or if a replica is on a node that is not
// in the list.
func TestAdminCliNodes(t *testing.T) {
	forEachNameless(t, func(t *testing.T, _ string, c *client) {
		nodes := c.nodes()
		if len(nodes) != 3 {
			t.Fatal(nodes)
		}
		for _, table := range c.tables(admin.AppStatus_AS_AVAILABLE) {
			partitions := c.partitions(table.AppName)
			same(t, "partitions", int32(len(partitions)), table.PartitionCount)
			for _, partition := range partitions {
				on := map[string]bool{partition.Primary.GetAddress(): true}
				for _, secondary := range partition.Secondaries {
					on[secondary.GetAddress()] = true
				}
				same(t, "different nodes", len(on), 3)
				for node := range on {
					same(t, node, nodes[node], true)
				}
			}
		}
	})
}

// Servers of 2.6 also send the names of the replica servers. This version of the client cannot skip these fields: it
// closes the connection, and tries again until its timeout. admin-cli then ends when it starts. A real 2.6 snapshot has
// the same effect.
func TestAdminCliCannotReadTheNodesOfNewerServers(t *testing.T) {
	for _, generation := range []string{"remote-name", "dup-exist", "idempotent"} {
		t.Run(generation, func(t *testing.T) {
			s := serve(t, "--behave-as", generation, "--nodes", "3")
			_, err := connect(t, s.addresses...).metas.ListNodes(within(t, 300*time.Millisecond), &admin.ListNodesRequest{})
			if err == nil || !strings.Contains(err.Error(), "deadline") {
				t.Fatal(err)
			}
			_, err = connect(t, s.addresses...).metas.QueryConfig(within(t, 300*time.Millisecond), "temp")
			if err == nil || !strings.Contains(err.Error(), "deadline") {
				t.Fatal(err)
			}
			// Responses without such names are no problem.
			c := connect(t, s.addresses...)
			same(t, "tables", len(c.tables(admin.AppStatus_AS_AVAILABLE)), 2)
			same(t, "dupid", c.add("temp", "target", false).Dupid, c.only("temp").Dupid)
		})
	}
}

// The command `cluster-info`.
func TestAdminCliClusterInfo(t *testing.T) {
	forEachNameless(t, func(t *testing.T, _ string, c *client) {
		cluster, err := c.metas.QueryClusterInfo(within(t, patience), &admin.ClusterInfoRequest{})
		if err != nil || len(cluster.Keys) != 9 || len(cluster.Values) != 9 {
			t.Fatal(err, cluster)
		}
		told := map[string]string{}
		for index, key := range cluster.Keys {
			told[key] = cluster.Values[index]
		}
		same(t, "leader", told["primary_meta_server"], told["meta_servers"])
		same(t, "level", told["meta_function_level"], "steady")
		same(t, "name", told["cluster_name"], "onebox")
	})
}

// The commands `create`, `ls`, `drop`, `ls --drop` and `recall`.
func TestAdminCliTables(t *testing.T) {
	forEachNameless(t, func(t *testing.T, generation string, c *client) {
		created, err := c.create("fresh")
		if err != nil || created.Appid != 3 {
			t.Fatal(err, created)
		}
		c.ready("fresh", 4)
		refusal := map[string]string{"freezed": "ERR_INVALID_PARAMETERS", "checkpoint": "ERR_APP_EXIST"}[generation]
		if _, err := c.create("fresh"); err == nil || !strings.Contains(err.Error(), refusal) {
			t.Fatal(err)
		}
		live := c.tables(admin.AppStatus_AS_AVAILABLE)
		if len(live) != 3 || live[2].AppName != "fresh" || live[2].AppID != 3 {
			t.Fatal(live)
		}
		for range 2 {
			c.drop("fresh")
		}
		gone := c.tables(admin.AppStatus_AS_DROPPED)
		if len(gone) != 1 || gone[0].AppID != 3 || gone[0].DropSecond == 0 || gone[0].ExpireSecond-gone[0].DropSecond != 3600 {
			t.Fatal(gone)
		}
		same(t, "live tables", len(c.tables(admin.AppStatus_AS_AVAILABLE)), 2)
		recalled, err := c.metas.RecallApp(within(t, patience), &admin.RecallAppRequest{AppID: 3, NewAppName_: "again"})
		if err != nil || recalled.Info.AppName != "again" || recalled.Info.PartitionCount != 4 {
			t.Fatal(err, recalled)
		}
		c.ready("again", 4)
	})
}

// The commands `dup add`, `dup list`, `dup pause`, `dup start` and `dup remove`. The status numbers that they send
// have other meanings for a server of the generation `freezed`.
func TestAdminCliDuplications(t *testing.T) {
	s := serve(t, "--behave-as", "checkpoint", "--nodes", "3")
	c := connect(t, s.addresses...)
	dupid := c.add("temp", "target", false).Dupid
	c.state("temp", log, slow)
	same(t, "pause", c.setStatus("temp", dupid, pause).Err.Errno, "ERR_OK")
	c.state("temp", pause, slow)
	same(t, "start", c.setStatus("temp", dupid, log).Err.Errno, "ERR_OK")
	c.state("temp", log, slow)
	same(t, "remove", c.setStatus("temp", dupid, removed).Err.Errno, "ERR_OK")
	if _, entries := c.query("temp"); len(entries) != 0 {
		t.Fatal(entries)
	}
}

// The commands `table-env set`, `table-env list`, `table-env delete` and `table-env clear`.
func TestAdminCliTableEnvs(t *testing.T) {
	forEachNameless(t, func(t *testing.T, _ string, c *client) {
		update := func(request *admin.UpdateAppEnvRequest) {
			t.Helper()
			request.AppName = "temp"
			if _, err := c.metas.UpdateAppEnv(within(t, patience), request); err != nil {
				t.Fatal(err)
			}
		}
		envs := func() map[string]string { return c.tables(admin.AppStatus_AS_AVAILABLE)[0].Envs }
		update(&admin.UpdateAppEnvRequest{
			Op:   admin.AppEnvOperation_APP_ENV_OP_SET,
			Keys: []string{"default_ttl", "business.info"}, Values: []string{"86400", "x"},
		})
		same(t, "ttl", envs()["default_ttl"], "86400")
		update(&admin.UpdateAppEnvRequest{Op: admin.AppEnvOperation_APP_ENV_OP_DEL, Keys: []string{"default_ttl"}})
		same(t, "envs", len(envs()), 1)
		everything := ""
		update(&admin.UpdateAppEnvRequest{Op: admin.AppEnvOperation_APP_ENV_OP_CLEAR, ClearPrefix: &everything})
		same(t, "envs", len(envs()), 0)
	})
}
