// Package interop tests the embedded meta server with the official Go client, which treats the responses like those
// of a real server.
//
// Each test starts its own `pegasus-dup serve` on free ports. PEGASUS_DUP_BINARY names the program.
package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/incubator-pegasus/go-client/idl/admin"
	"github.com/apache/incubator-pegasus/go-client/pegalog"
	"github.com/apache/incubator-pegasus/go-client/session"
)

func init() {
	// By default the client logs to a file in the working directory.
	pegalog.SetLogger(stdlog.New(io.Discard, "", 0))
}

// patience is longer than any call in these tests takes.
const patience = 5 * time.Second

// served is a running server, or a group of them.
type served struct {
	addresses []string
	// died is the expected number of requests that would have ended a real server.
	died int
}

// serve starts a server that ends with the test, and checks how it ended.
func serve(t *testing.T, options ...string) *served {
	t.Helper()
	binary := os.Getenv("PEGASUS_DUP_BINARY")
	if binary == "" {
		t.Fatal("PEGASUS_DUP_BINARY must name the program; scripts/test-go does all of this")
	}
	args := []string{
		"serve", "--listen", "127.0.0.1:0",
		"--remote-cluster", "target=127.0.0.1:35601", "--remote-cluster", "far=127.0.0.1:35602",
		"--table", "temp", "--table", "other:4",
	}
	command := exec.Command(binary, append(args, options...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &served{}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("the server ended with %v: %s", err, stderr.String())
		}
		expected := ""
		if s.died > 0 {
			expected = fmt.Sprintf("warning: requests that would have ended a real server: %d\n", s.died)
		}
		if stderr.String() != expected {
			t.Errorf("the server printed %q instead of %q", stderr.String(), expected)
		}
	})
	// The server prints one line for each address.
	servers := 1
	for _, option := range options {
		if option == "--listen" {
			servers++
		}
	}
	lines := bufio.NewScanner(stdout)
	for len(s.addresses) < servers {
		if !lines.Scan() {
			t.Fatalf("the server does not start: %s", stderr.String())
		}
		s.addresses = append(s.addresses, strings.TrimPrefix(lines.Text(), "serving on "))
	}
	return s
}

// client is the official client, with the calls that the tests make.
type client struct {
	t     *testing.T
	metas *session.MetaManager
}

// connect creates a client that knows these meta servers, in this order.
func connect(t *testing.T, addresses ...string) *client {
	t.Helper()
	metas := session.NewMetaManager(addresses, session.NewNodeSession)
	t.Cleanup(func() { _ = metas.Close() })
	return &client{t: t, metas: metas}
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// answered fails the test if there is no response, or if the error does not name the error code of the response.
func (c *client) answered(errno string, err error, there bool) {
	c.t.Helper()
	if !there {
		c.t.Fatalf("no response: %v", err)
	}
	if (err == nil) != (errno == "ERR_OK") {
		c.t.Fatalf("the response says %s, but the error is %v", errno, err)
	}
	if err != nil && !strings.Contains(err.Error(), errno) {
		c.t.Fatalf("the error does not name %s: %v", errno, err)
	}
}

func (c *client) add(table, cluster string, checkpoint bool) *admin.DuplicationAddResponse {
	c.t.Helper()
	answer, err := c.metas.AddDuplication(within(c.t, patience), &admin.DuplicationAddRequest{
		AppName: table, RemoteClusterName: cluster, IsDuplicatingCheckpoint: checkpoint,
	})
	c.answered(answer.GetErr().Errno, err, answer != nil)
	return answer
}

// query returns the error code and the duplications of a table.
func (c *client) query(table string) (string, []*admin.DuplicationEntry) {
	c.t.Helper()
	answer, err := c.metas.QueryDuplication(within(c.t, patience), &admin.DuplicationQueryRequest{AppName: table})
	c.answered(answer.GetErr().Errno, err, answer != nil)
	return answer.Err.Errno, answer.EntryList
}

// only returns the one duplication that a table must have.
func (c *client) only(table string) *admin.DuplicationEntry {
	c.t.Helper()
	errno, entries := c.query(table)
	if errno != "ERR_OK" || len(entries) != 1 {
		c.t.Fatalf("one duplication expected: %s %v", errno, entries)
	}
	return entries[0]
}

func (c *client) modify(request *admin.DuplicationModifyRequest) *admin.DuplicationModifyResponse {
	c.t.Helper()
	answer, err := c.metas.ModifyDuplication(within(c.t, patience), request)
	c.answered(answer.GetErr().Errno, err, answer != nil)
	return answer
}

func (c *client) setStatus(table string, dupid int32, status admin.DuplicationStatus) *admin.DuplicationModifyResponse {
	c.t.Helper()
	return c.modify(&admin.DuplicationModifyRequest{AppName: table, Dupid: dupid, Status: &status})
}

func (c *client) setFailMode(table string, dupid int32, mode admin.DuplicationFailMode) *admin.DuplicationModifyResponse {
	c.t.Helper()
	return c.modify(&admin.DuplicationModifyRequest{AppName: table, Dupid: dupid, FailMode: &mode})
}

// state fails the test unless the only duplication of the table has that status and fail mode.
func (c *client) state(table string, status admin.DuplicationStatus, mode admin.DuplicationFailMode) {
	c.t.Helper()
	entry := c.only(table)
	if entry.Status != status || entry.GetFailMode() != mode {
		c.t.Fatalf("%s, %s expected: %v", status, mode, entry)
	}
}

// same fails the test unless both values are equal.
func same[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Fatalf("%s: got %v, expected %v", what, got, expected)
	}
}
