package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/proto/certs"
)

func newCerts(a *app) *cobra.Command {
	var hosts, clients []string
	cmd := &cobra.Command{
		Use:   "certs DIR",
		Short: "Make a certificate authority and certificates for development",
		Long: `Make a certificate authority for development, a certificate for a master and one
for each caller. A caller's role is part of its certificate. The keys are not
encrypted: this is for a first try, not for production.`,
		Example: `  mlops-cli certs certs
  mlops-cli certs certs --host master.example.org --host 10.0.0.5 --client alice=client --client gpu-1=worker`,
		Args: exactly("DIR"),
		RunE: func(_ *cobra.Command, args []string) error { return a.makeCerts(args[0], hosts, clients) },
	}
	cmd.Flags().StringArrayVar(&hosts, "host", nil, "name or address of the master; repeatable (default: localhost)")
	cmd.Flags().StringArrayVar(&clients, "client", nil, "name=role of a caller, role one of client, worker, viewer, admin; repeatable (default: one of each role)")
	return cmd
}

func (a *app) makeCerts(dir string, hosts, clients []string) error {
	path := dir
	if !filepath.IsAbs(path) {
		path = filepath.Join(a.dir, path)
	}
	callers := certs.DefaultClients()
	if len(clients) > 0 {
		callers = nil
	}
	for _, c := range clients {
		name, role, ok := strings.Cut(c, "=")
		if !ok {
			return usagef("--client %q is not of the form name=role", c)
		}
		callers = append(callers, certs.Client{Name: name, Role: role})
	}
	files, err := certs.GenerateDevelopmentCA(path, hosts, callers...)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%w; name another directory, or remove the files first", err)
	}
	if err != nil {
		return usage(err)
	}
	return a.print(
		func() output.Document {
			names := make([]any, len(files))
			for i, f := range files {
				names[i] = f
			}
			return output.Document{{Key: "files", Value: names}}
		},
		func(w io.Writer) {
			for _, f := range files {
				fmt.Fprintln(w, a.short(f))
			}
			fmt.Fprintln(w)
			in := func(name string) string { return shellWord(filepath.Join(a.short(path), name)) }
			printNext(w,
				fmt.Sprintf("mlops-master --listen :7070 --tls-cert %s --tls-key %s --client-ca %s", in("server.pem"), in("server-key.pem"), in("ca.pem")),
				fmt.Sprintf("mlops-cli list --master HOST:7070 --ca %s --cert %s --key %s", in("ca.pem"), in(callers[0].Name+".pem"), in(callers[0].Name+"-key.pem")),
			)
		},
		func() []string { return files },
	)
}
