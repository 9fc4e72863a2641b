package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mlops/client"
	"mlops/cmd/mlops-cli/embedded"
	"mlops/cmd/program"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
	userprogram "mlops/runner/program"
)

// connection is a master to speak to.
type connection struct {
	*client.Client
	info *mlopsv1.GetServerInfoResponse
	// embedded says that the master's work is done by this process.
	embedded bool
	// labels that submissions carry, and that their tasks require of a worker.
	labels map[string]string
	close  func() error
}

// sameHost reports whether the master shares this process's file system.
func (c *connection) sameHost() bool {
	return c.embedded || c.info.GetHostId() != "" && c.info.GetHostId() == transport.HostID()
}

func (a *app) masterAddress() string {
	if a.flags.master != "" {
		return a.flags.master
	}
	return a.getenv("MLOPS_MASTER")
}

// need says what a command wants of an embedded master.
type need struct {
	worker bool // a worker in this process
	probes bool // which takes probes
}

// connect finds the master of the flags or environment, or starts one in this
// process.
func (a *app) connect(ctx context.Context, n need) (*connection, error) {
	if a.masterAddress() == "" {
		return a.connectEmbedded(ctx, n)
	}
	if len(a.flags.programs) > 0 {
		return nil, usagef("--allow-program is for work without a master; a master's workers run what their own --allow-program says")
	}
	token := a.getenv("MLOPS_TOKEN")
	if a.flags.tokenFile != "" {
		var err error
		if token, err = transport.ReadToken(a.flags.tokenFile); err != nil {
			return nil, usage(err)
		}
	}
	ca := a.flags.ca
	if ca == "" && !a.flags.insecure {
		ca = a.getenv("MLOPS_CA")
	}
	conn, err := transport.Dial(transport.ClientOptions{
		Address: a.masterAddress(), Token: token, CAFile: ca, CertFile: a.flags.cert, KeyFile: a.flags.key,
		ServerName: a.flags.serverName, Insecure: a.flags.insecure,
	})
	if err != nil {
		return nil, usage(err)
	}
	c := &connection{Client: client.New(conn, client.Tuning{Patience: a.flags.timeout}), close: conn.Close}
	if err := c.greet(ctx); err != nil {
		if errors.Is(err, client.ErrUnreachable) {
			err = &exitError{code: codeUnreachable, reason: "unreachable", err: unreachable{a.masterAddress(), err}}
		}
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

// unreachable names the address that does not answer.
type unreachable struct {
	address string
	err     error
}

func (u unreachable) Error() string {
	reason := u.err.Error()
	var call *client.Error
	if errors.As(u.err, &call) {
		reason = call.Message
		if call.Hint != "" {
			reason += " (" + call.Hint + ")"
		}
	}
	return "the master at " + u.address + " cannot be reached: " + reason +
		"\nCheck the address (--master, MLOPS_MASTER) and that mlops-master runs there; without an address the work is done by this command itself."
}

func (u unreachable) Unwrap() error { return u.err }

func (a *app) connectEmbedded(ctx context.Context, n need) (*connection, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, usage(err)
	}
	programs, err := a.allowedPrograms()
	if err != nil {
		return nil, usage(err)
	}
	session, err := embedded.Open(ctx, embedded.Options{StateDir: dir, Worker: n.worker, Probes: n.probes, Programs: programs, Version: program.Version()})
	if err != nil {
		return nil, err
	}
	c := &connection{
		Client: client.New(session.Conn(), client.Tuning{Patience: max(a.flags.timeout, embedded.Patience)}), embedded: true,
		labels: session.Labels(), close: session.Close,
	}
	if err := c.greet(ctx); err != nil {
		return nil, errors.Join(err, session.Close())
	}
	return c, nil
}

// allowedPrograms are the programs that work of this process may run, by the flag
// or the environment. A configuration or a deployment alone, which may come from
// elsewhere, allows nothing.
func (a *app) allowedPrograms() ([]string, error) {
	given, from := a.flags.programs, "--allow-program"
	if len(given) == 0 {
		given, from = filepath.SplitList(a.getenv("MLOPS_ALLOW_PROGRAM")), "MLOPS_ALLOW_PROGRAM"
	}
	var allowed []string
	for _, path := range given {
		path, err := userprogram.CheckAllowed(a.dir, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		allowed = append(allowed, path)
	}
	return allowed, nil
}

func (c *connection) greet(ctx context.Context) (err error) {
	c.info, err = c.ServerInfo(ctx)
	return err
}

// stateDir is where the embedded master keeps its records.
func (a *app) stateDir() (string, error) {
	dir := a.flags.state
	if dir == "" {
		dir = a.getenv("MLOPS_STATE")
	}
	if dir != "" {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(a.dir, dir)
		}
		return filepath.Clean(dir), nil
	}
	if base := a.getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "mlops"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home directory to keep the state in; name a directory with --state or MLOPS_STATE")
	}
	return filepath.Join(home, ".local", "state", "mlops"), nil
}

// with connects, calls use and closes the connection.
func (a *app) with(ctx context.Context, n need, use func(*connection) error) error {
	c, err := a.connect(ctx, n)
	if err != nil {
		return err
	}
	return errors.Join(use(c), c.close())
}
