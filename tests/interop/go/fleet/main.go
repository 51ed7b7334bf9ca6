// Queries and adds a duplication of each of many tables in a loop over the official Go client, for
// scripts/bench-fleets: `fleet ADDRESS TABLES`. Each line of the output is `OPERATION CLIENT MILLISECONDS`.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/incubator-pegasus/go-client/idl/admin"
	"github.com/apache/incubator-pegasus/go-client/session"

	"pegasus-dup.test/interop/benchmark"
)

func main() {
	benchmark.Main("fleet ADDRESS TABLES", run)
}

func run(metas *session.MetaManager, tables int) error {
	each := func(operation string, call func(ctx context.Context, table string) error) error {
		began := time.Now()
		for number := range tables {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err := call(ctx, fmt.Sprintf("t%d", number))
			cancel()
			if err != nil {
				return fmt.Errorf("%s of table %d: %w", operation, number, err)
			}
		}
		fmt.Printf("%s go %.1f\n", operation, float64(time.Since(began).Microseconds())/1000)
		return nil
	}
	if err := each("plan", func(ctx context.Context, table string) error {
		_, err := metas.QueryDuplication(ctx, &admin.DuplicationQueryRequest{AppName: table})
		return err
	}); err != nil {
		return err
	}
	return each("apply", func(ctx context.Context, table string) error {
		_, err := metas.AddDuplication(ctx, &admin.DuplicationAddRequest{AppName: table, RemoteClusterName: "target"})
		return err
	})
}
