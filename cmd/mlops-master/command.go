package main

import (
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/program"
	"mlops/master"
)

// settings are what the flags say.
type settings struct {
	listen      []string
	state       string
	heartbeat   time.Duration
	leaseTTL    time.Duration
	retainAge   time.Duration
	retainCount int
	tlsCert     string
	tlsKey      string
	clientCA    string
	tokens      string
	insecure    bool
	maxArtifact int64
	maxQueued   int
	log         program.Log
	readyFile   string
}

const examples = `  # for this host only, with its state under ./state
  mlops-master --state ./state

  # for a fleet: TLS, and tokens with roles (lines of "NAME ROLE TOKEN", mode 600)
  mlops-master --listen 0.0.0.0:7070 --state /var/lib/mlops \
      --tls-cert server.pem --tls-key server-key.pem --tokens tokens

  # mutual TLS: a client certificate's common name says who, its unit says which role
  mlops-master --listen 0.0.0.0:7070 --tls-cert server.pem --tls-key server-key.pem --client-ca ca.pem

  # on a free port, for scripts
  mlops-master --listen 127.0.0.1:0 --ready-file address`

// command is the program's command line.
func command(stdout, stderr io.Writer) *cobra.Command {
	s := settings{}
	root := &cobra.Command{
		Use:           "mlops-master",
		Short:         "Keep workflows' state and hand their tasks to workers",
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
	f.StringArrayVar(&s.listen, "listen", []string{"127.0.0.1:7070"}, "address to listen on: host:port or unix:///path; repeatable")
	f.StringVar(&s.state, "state", os.Getenv("MLOPS_STATE"), "folder of state.db and artifacts/ (MLOPS_STATE; default ~/.local/state/mlops-master)")
	f.StringVar(&s.readyFile, "ready-file", "", "file to write the actual addresses to, one a line, once they are listened on")
	f.DurationVar(&s.heartbeat, "heartbeat", master.DefaultHeartbeat, "period in which workers report")
	f.DurationVar(&s.leaseTTL, "lease-ttl", 0, "how long a silent worker keeps its tasks (default three heartbeats)")
	f.DurationVar(&s.retainAge, "retain-age", master.DefaultRetainAge, "delete finished workflows that are older; 0: never")
	f.IntVar(&s.retainCount, "retain-count", master.DefaultRetainCount, "delete the oldest finished workflows beyond so many; 0: never")
	f.StringVar(&s.tlsCert, "tls-cert", "", "certificate to serve TLS with (PEM)")
	f.StringVar(&s.tlsKey, "tls-key", "", "its key (PEM)")
	f.StringVar(&s.clientCA, "client-ca", "", "authority that signs client certificates (PEM)")
	f.StringVar(&s.tokens, "tokens", "", "file of tokens: NAME ROLE TOKEN, roles client, worker, viewer, admin")
	f.BoolVar(&s.insecure, "insecure", false, "listen beyond this host without TLS and credentials")
	f.Int64Var(&s.maxArtifact, "max-artifact-size", master.DefaultMaxArtifactBytes, "largest artifact, in bytes")
	f.IntVar(&s.maxQueued, "max-queued", master.DefaultMaxQueued, "refuse submissions while so many tasks wait")
	s.log.Register(root)
	root.AddCommand(versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the program's version",
		Args:  cobra.NoArgs,
		Run:   func(cmd *cobra.Command, _ []string) { cmd.Println(program.Version()) },
	}
}
