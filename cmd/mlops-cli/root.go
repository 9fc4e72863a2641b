package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/live"
	"mlops/cmd/mlops-cli/output"
)

// globalFlags are the flags of every command.
type globalFlags struct {
	format                       string
	master, tokenFile, ca        string
	cert, key, serverName, state string
	registry                     string
	programs                     []string
	insecure, quiet              bool
	timeout                      time.Duration
}

const rootHelp = `mlops-cli trains models from tables, predicts with them and watches them.

Without --master (or MLOPS_MASTER) a command runs everything in its own process
and keeps its records under the user's state directory; several at once share
them. With --master the work is done by that master's workers.

Results are printed on standard output, as tables or, with -o json, -o yaml or
-o name, for programs; progress, warnings and errors go to standard error.

Interrupting (Ctrl-C) cancels work of this process. Work of a master's fleet goes
on: on a terminal the command asks whether to cancel it or to leave it (the
default), elsewhere it leaves it. A second Ctrl-C leaves at once.

Exit codes: 0 success, 1 the task failed, 2 the command line, a configuration or
an input file is wrong, 3 the master cannot be reached, 4 cancelled or left.

Environment:
  MLOPS_MASTER   the master's address, as --master
  MLOPS_CONFIG   the configuration file, as --config
  MLOPS_STATE    the state directory used without a master, as --state
  MLOPS_TOKEN    the token itself (--token-file names a file that holds it)
  MLOPS_CA       the certificate authority's file, as --ca
  MLOPS_ALLOW_PROGRAM  programs that may run, as --allow-program
  NO_COLOR       if set, nothing is coloured`

const rootExample = `  # Train on the last column, then use the model.
  mlops-cli train churn.csv
  mlops-cli predict new.csv models/deployment_20260101_120000 --output predictions.csv

  # The same on a fleet.
  mlops-cli train churn.csv --target churned --master 127.0.0.1:7070`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use: "mlops-cli", Short: "Train, deploy and watch models", Long: rootHelp, Example: rootExample,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.start(cmd) },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.StringVarP(&a.flags.format, "output-format", "o", "table", "how results are printed: "+strings.Join(output.Formats(), "|"))
	f.StringVar(&a.flags.master, "master", "", "the master's address, host:port or unix:///path (env MLOPS_MASTER)")
	f.StringVar(&a.flags.tokenFile, "token-file", "", "file that holds the token (env MLOPS_TOKEN holds the token itself)")
	f.StringVar(&a.flags.ca, "ca", "", "PEM file of the certificate authority that signed the master's certificate (env MLOPS_CA)")
	f.StringVar(&a.flags.cert, "cert", "", "PEM file of this client's certificate, for mutual TLS")
	f.StringVar(&a.flags.key, "key", "", "PEM file of its key")
	f.StringVar(&a.flags.serverName, "server-name", "", "the name in the master's certificate, where it differs from the address")
	f.BoolVar(&a.flags.insecure, "insecure", false, "speak plain text to the master, the token included")
	f.StringVar(&a.flags.state, "state", "", "state directory used without a master (env MLOPS_STATE)")
	f.StringArrayVar(&a.flags.programs, "allow-program", nil, "program that a model may be made by, or a directory of such, without a master; repeatable (env MLOPS_ALLOW_PROGRAM, paths parted by :)")
	f.StringVar(&a.flags.registry, "registry", "", "directory of the model registry that models:/ names are looked up in (default: where the configuration registers)")
	f.DurationVar(&a.flags.timeout, "timeout", 5*time.Second, "how long to try to reach the master")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "no progress, only warnings and errors")
	root.AddCommand(
		newTrain(a), newPredict(a), newStatus(a), newObserve(a), newRun(a),
		newModels(a), newSample(a), newInit(a), newConfig(a),
		newList(a), newGet(a), newLogs(a), newCancel(a), newRetry(a),
		newWorkers(a), newCerts(a), newProbe(a), newVersion(a),
	)
	root.InitDefaultCompletionCmd()
	describeCompletion(root)
	mustComplete(root, "output-format", output.Formats())
	return root
}

// start reads the global flags before a command runs.
func (a *app) start(cmd *cobra.Command) error {
	if err := a.readFormat(cmd); err != nil {
		return err
	}
	if a.flags.timeout <= 0 {
		return usagef("--timeout %v: it must be more than 0", a.flags.timeout)
	}
	a.display = live.New(a.stderr, live.Options{
		Terminal: a.terminal, Color: a.terminal && a.getenv("NO_COLOR") == "", Quiet: a.flags.quiet,
		Workers: a.masterAddress() != "", Width: a.width,
	})
	a.started = true
	return nil
}

// fileEndings are what a value of -o may end in to be taken for an output file,
// for users of Make MLOps Easy, where -o is short for --output.
var fileEndings = []string{".json", ".csv", ".parquet", ".txt", ".html", ".yaml", ".yml"}

func (a *app) readFormat(cmd *cobra.Command) error {
	format, err := output.ParseFormat(a.flags.format)
	if err == nil {
		a.format = format
		return nil
	}
	file := cmd.Flags().Lookup("output")
	isFile := slices.ContainsFunc(fileEndings, func(e string) bool { return strings.HasSuffix(strings.ToLower(a.flags.format), e) })
	if file == nil || !isFile {
		return usage(err)
	}
	if file.Changed {
		return usagef("two output files are given: --output %s and -o %s", file.Value, a.flags.format)
	}
	a.format = output.Table
	return usage(file.Value.Set(a.flags.format))
}

func mustComplete(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(fmt.Sprintf("completion of --%s: %v", flag, err)) // the flag's name is wrong in the code
	}
}
