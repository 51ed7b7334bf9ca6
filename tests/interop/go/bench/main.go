// Measures round trips of the official Go client for scripts/bench: `bench ADDRESS COUNT`. Each line of the output
// is `OPERATION CLIENT NANOSECONDS`, where the time is a median.
package main

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/apache/incubator-pegasus/go-client/idl/admin"
	"github.com/apache/incubator-pegasus/go-client/session"

	"pegasus-dup.test/interop/benchmark"
)

func main() {
	benchmark.Main("bench ADDRESS COUNT", run)
}

func run(metas *session.MetaManager, count int) error {
	add := func(table string) (*admin.DuplicationAddResponse, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return metas.AddDuplication(ctx, &admin.DuplicationAddRequest{AppName: table, RemoteClusterName: "target"})
	}
	// Connects, and adds the duplication that the queries return.
	if answer, err := add("shown"); answer == nil {
		return err
	}
	if err := measure("query", count, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := metas.QueryDuplication(ctx, &admin.DuplicationQueryRequest{AppName: "shown"})
		return err
	}, nil); err != nil {
		return err
	}
	var added *admin.DuplicationAddResponse
	if err := measure("add", count, func() (err error) {
		added, err = add("added")
		return err
	}, func() error {
		removed := admin.DuplicationStatus_DS_REMOVED
		_, err := metas.ModifyDuplication(context.Background(), &admin.DuplicationModifyRequest{
			AppName: "added", Dupid: added.Dupid, Status: &removed,
		})
		return err
	}); err != nil {
		return err
	}
	return measure("add-again", count, func() error {
		answer, err := add("shown")
		if answer == nil || answer.Err.Errno != "ERR_DUP_EXIST" {
			return fmt.Errorf("not refused: %v %v", answer, err)
		}
		return nil
	}, nil)
}

// measure prints the median of the times of timed. The function after, which may be nil, runs after each call.
func measure(operation string, count int, timed, after func() error) error {
	took := make([]time.Duration, 0, count)
	for range count {
		began := time.Now()
		if err := timed(); err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if after != nil {
			if err := after(); err != nil {
				return err
			}
		}
	}
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	fmt.Println(operation, "go", took[count/2].Nanoseconds())
	return nil
}
