package interop

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/incubator-pegasus/go-client/idl/admin"
)

// another holds the options that add a server to the group.
var another = []string{"--listen", "127.0.0.1:0"}

func group(t *testing.T, servers int, options ...string) *served {
	t.Helper()
	for range servers - 1 {
		options = append(options, another...)
	}
	return serve(t, options...)
}

// The leader is the second of the three addresses. The followers forward the client to the leader at once,
// and the client remembers the leader.
func TestFollowersSendOnToTheLeader(t *testing.T) {
	for _, generation := range []string{"checkpoint", "dup-exist"} {
		t.Run(generation, func(t *testing.T) {
			s := group(t, 3, "--behave-as", generation)
			c := connect(t, s.addresses[1], s.addresses[0], s.addresses[2])
			began := time.Now()
			added := c.add("temp", "target", false)
			same(t, "add", added.Err.Errno, "ERR_OK")
			same(t, "dupid", c.only("temp").Dupid, added.Dupid)
			config, err := c.metas.QueryConfig(within(t, patience), "temp")
			if err != nil || config.Err.Errno != "ERR_OK" {
				t.Fatal(err, config)
			}
			tables, err := c.metas.ListApps(within(t, patience), &admin.ListAppsRequest{})
			if err != nil || len(tables.Infos) != 2 {
				t.Fatal(err, tables)
			}
			// This client asks the other servers after a second without a response. The forwarding must be faster.
			if took := time.Since(began); took > 900*time.Millisecond {
				t.Fatalf("took %v", took)
			}
		})
	}
}

func TestFollowersAloneDoNothing(t *testing.T) {
	s := group(t, 3)
	c := connect(t, s.addresses[1:]...)
	_, err := c.metas.AddDuplication(within(t, 300*time.Millisecond), &admin.DuplicationAddRequest{
		AppName: "temp", RemoteClusterName: "target",
	})
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Fatal(err)
	}
	if errno, entries := connect(t, s.addresses[0]).query("temp"); errno != "ERR_OK" || len(entries) != 0 {
		t.Fatal(errno, entries)
	}
}

// The leader changes just before the server looks at the add. The client finds the new leader.
func TestTheLeaderChangesUnderAnAdd(t *testing.T) {
	s := group(t, 3, "--behave-as", "dup-exist", "--fault", "add#1=change-leader")
	c := connect(t, s.addresses...)
	added := c.add("temp", "target", false)
	same(t, "add", added.Err.Errno, "ERR_OK")
	same(t, "dupid", c.only("temp").Dupid, added.Dupid)
	same(t, "add again", c.add("temp", "target", false).Err.Errno, "ERR_DUP_EXIST")
}

// The response to an add is lost. This client asks the other servers after a second, which refuse, and it ends
// without a result. The duplication exists.
func TestALostResponse(t *testing.T) {
	s := group(t, 2, "--behave-as", "dup-exist", "--fault", "add#1=drop-reply")
	c := connect(t, s.addresses...)
	_, err := c.metas.AddDuplication(within(t, 1300*time.Millisecond), &admin.DuplicationAddRequest{
		AppName: "temp", RemoteClusterName: "target",
	})
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Fatal(err)
	}
	c.only("temp")
}

// The current status numbers have other meanings for a server of 2.3 and older: "start" removes the duplication,
// and "pause" ends the process of the server.
func TestFreezed(t *testing.T) {
	s := serve(t, "--behave-as", "freezed")
	s.died = 1
	c := connect(t, s.addresses...)
	// For this server, field 3 means "create the duplication paused". This client leaves the field out if it is
	// true, so both duplications run.
	added := c.add("temp", "target", true)
	same(t, "add", added.Err.Errno, "ERR_OK")
	same(t, "status", c.only("temp").Status, 1)
	again := c.add("temp", "target", false)
	same(t, "add again", again.Err.Errno, "ERR_OK")
	same(t, "dupid", again.Dupid, added.Dupid)
	same(t, "status", c.only("temp").Status, 1)
	same(t, "start", c.setStatus("temp", added.Dupid, log).Err.Errno, "ERR_OK")
	if errno, entries := c.query("temp"); errno != "ERR_OK" || len(entries) != 0 {
		t.Fatal(errno, entries)
	}
	status := pause
	_, err := c.metas.ModifyDuplication(within(t, 300*time.Millisecond), &admin.DuplicationModifyRequest{
		AppName: "temp", Dupid: added.Dupid, Status: &status,
	})
	if err == nil {
		t.Fatal("the pause should have ended a real server")
	}
}
