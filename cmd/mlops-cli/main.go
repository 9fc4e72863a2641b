package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stderrIsTerminal := term.IsTerminal(int(os.Stderr.Fd()))
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, dir: dir, signals: signals, leave: os.Exit,
		terminal: stderrIsTerminal,
		asks:     stderrIsTerminal && term.IsTerminal(int(os.Stdin.Fd())),
		width: func() int {
			width, _, err := term.GetSize(int(os.Stderr.Fd()))
			if err != nil {
				return 0
			}
			return width
		},
	}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}
