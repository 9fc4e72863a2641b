package main

import (
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/program"
	"mlops/runner"
	"mlops/worker"
	"mlops/worker/isolation"
)

// settings are what the flags say.
type settings struct {
	master      string
	tokenFile   string
	ca          string
	cert        string
	key         string
	serverName  string
	insecure    bool
	slots       int
	interactive int
	labels      []string
	id          string
	isolation   string
	workDir     string
	roots       []string
	urls        []string
	programs    []string
	probes      bool
	memoryLimit string
	cacheSize   string
	drain       time.Duration
	disconnect  time.Duration
	unreachable time.Duration
	log         program.Log
}

const defaultMaster = "127.0.0.1:7070"

const long = `Run the tasks that a master grants.

Each attempt runs in a child process of its own, so that a crash or a lack of
memory ends that attempt and nothing else.

A worker whose master is on this host opens any file that its user may. With a
master elsewhere it opens artifacts only, until directories are allowed with
--allow-root.

A task runs a program of its user's (the backends callable, deep_learning and
nlp) only where that is an --allow-program or lies beneath one, symbolic links
resolved. It runs as this worker's user.

Alerts and figures leave a worker only for addresses that begin with an
--allow-url. Secrets that a configuration names are read from this process's
environment; their names begin with MLOPS_SECRET_.

SIGTERM or an interrupt drains the worker: it takes nothing new, finishes what
runs within --drain-timeout, hands back the rest at no cost and leaves. A second
signal makes it leave at once.`

const examples = `  # for a master on this host
  mlops-worker

  # two slots, a label, and files beneath /data only
  mlops-worker --master 127.0.0.1:7070 --slots 2 --label gpu=yes --allow-root /data

  # in a fleet with TLS and tokens
  mlops-worker --master master.example.org:7070 --ca ca.pem --token-file token --allow-root /data

  # at most 4 GiB for one attempt
  mlops-worker --memory-limit 4GiB`

// command is the program's command line.
func command(stdout, stderr io.Writer) *cobra.Command {
	s := settings{}
	root := &cobra.Command{
		Use:           "mlops-worker",
		Short:         "Run the tasks that a master grants",
		Long:          long,
		Example:       examples,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), s, stderr)
		},
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	f := root.Flags()
	f.SortFlags = false
	f.StringVar(&s.master, "master", orElse(os.Getenv("MLOPS_MASTER"), defaultMaster), "the master: host:port or unix:///path (MLOPS_MASTER)")
	f.IntVar(&s.slots, "slots", runtime.NumCPU(), "attempts of batch work (train, predict) at once")
	f.IntVar(&s.interactive, "interactive-slots", 2, "slots kept free for status and observe")
	f.StringArrayVar(&s.labels, "label", nil, "label k=v that tasks can require; repeatable")
	f.StringVar(&s.id, "id", "", "name of this worker (default: drawn from the host's name and kept in the work directory)")
	f.StringVar(&s.workDir, "work-dir", "", "directory of the journal, scratch and cached artifacts; one for each worker (default: a free one beneath ~/.local/state/mlops/workers)")
	f.StringArrayVar(&s.roots, "allow-root", nil, "directory beneath which tasks may open files; repeatable (default: anywhere with a master on this host, else artifacts only)")
	f.StringArrayVar(&s.urls, "allow-url", nil, "prefix of the addresses that alerts and figures may be sent to, e.g. https://hooks.slack.com/, of a bucket that may be read and written, e.g. s3://models/churn/, or of a server of buckets that a pipelines file may name, e.g. https://minio.example.org/; repeatable (default: none)")
	f.StringArrayVar(&s.programs, "allow-program", nil, "program that tasks may run as their model, or a directory of such; repeatable (default: none)")
	f.StringVar(&s.isolation, "isolation", "process", "process: each attempt in a child process; none: all in this one")
	f.StringVar(&s.memoryLimit, "memory-limit", "", "memory that one attempt may use, such as 4GiB (default: no limit)")
	f.StringVar(&s.cacheSize, "cache-size", "20GiB", "size of the cache of artifacts")
	f.DurationVar(&s.drain, "drain-timeout", 30*time.Second, "how long attempts may go on after SIGTERM before they are handed back")
	f.DurationVar(&s.disconnect, "disconnect-limit", worker.DefaultDisconnectLimit, "how long attempts go on while the master is away")
	f.DurationVar(&s.unreachable, "exit-if-unreachable", 0, "exit when the master does not answer once within this time (default: keep trying)")
	f.StringVar(&s.tokenFile, "token-file", "", "file that holds the token (or set MLOPS_TOKEN)")
	f.StringVar(&s.ca, "ca", "", "authority that signed the master's certificate (PEM)")
	f.StringVar(&s.cert, "cert", "", "this worker's certificate, for mutual TLS (PEM)")
	f.StringVar(&s.key, "key", "", "its key (PEM)")
	f.StringVar(&s.serverName, "server-name", "", "name expected in the master's certificate")
	f.BoolVar(&s.insecure, "insecure", false, "speak plain text to a master beyond this host, the token included")
	f.BoolVar(&s.probes, "allow-probes", false, "run probe operations, which exercise the runtime")
	s.log.Register(root)
	root.AddCommand(versionCommand(), attemptCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// attemptCommand is what a worker starts for each attempt.
func attemptCommand() *cobra.Command {
	return &cobra.Command{
		Use:    isolation.Subcommand,
		Hidden: true,
		Args:   cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			os.Exit(isolation.ChildMain(cmd.Context(), newRunner()))
		},
	}
}

// newRunner returns what makes the runner of an attempt.
func newRunner() func(runner.Environment) isolation.Runner {
	version := program.Version()
	return func(env runner.Environment) isolation.Runner {
		env.Version = version
		return runner.New(env)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the program's version",
		Args:  cobra.NoArgs,
		Run:   func(cmd *cobra.Command, _ []string) { cmd.Println(program.Version()) },
	}
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
