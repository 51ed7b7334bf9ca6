// Package benchmark runs the programs that measure the official Go client.
package benchmark

import (
	"fmt"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/apache/incubator-pegasus/go-client/pegalog"
	"github.com/apache/incubator-pegasus/go-client/session"
)

// Main runs a program whose arguments are the address of a meta server and a count. It ends the process if the
// program fails.
func Main(usage string, program func(metas *session.MetaManager, count int) error) {
	if err := run(usage, program); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(usage string, program func(metas *session.MetaManager, count int) error) error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: %s", usage)
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	// By default the client logs to a file, which takes time.
	pegalog.SetLogger(log.New(io.Discard, "", 0))
	metas := session.NewMetaManager([]string{os.Args[1]}, session.NewNodeSession)
	defer func() { _ = metas.Close() }()
	return program(metas, count)
}
