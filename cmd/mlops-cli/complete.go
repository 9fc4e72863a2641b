package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"mlops/client"
)

// completionPatience bounds what a shell waits for.
const completionPatience = 2 * time.Second

func completeFiles(endings ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}

func completeModel(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func completeDataThenModel(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return []string{"csv", "tsv", "tab", "json", "jsonl", "ndjson", "parquet", "pq"}, cobra.ShellCompDirectiveFilterFileExt
	case 1:
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeWorkflow offers the newest workflows, if the master answers soon.
func (a *app) completeWorkflow(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, c *connection) (offers []string) {
		for w, err := range c.List(ctx, client.Filter{PageSize: 50}) {
			if err != nil || len(offers) == 50 {
				break
			}
			offers = append(offers, cobra.CompletionWithDesc(w.GetWorkflowId(), w.GetOperation()+" "+stateName(w.GetState())))
		}
		return offers
	})
}

func (a *app) completeWorker(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, c *connection) (offers []string) {
		workers, err := c.Workers(ctx)
		if err != nil {
			return nil
		}
		for _, w := range workers {
			offers = append(offers, cobra.CompletionWithDesc(w.GetWorkerId(), w.GetState()))
		}
		return offers
	})
}

func (a *app) complete(cmd *cobra.Command, args []string, ask func(context.Context, *connection) []string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	a.flags.timeout = completionPatience
	var offers []string
	err := a.with(ctx, need{}, func(c *connection) error {
		offers = ask(ctx, c)
		return nil
	})
	if err != nil {
		cobra.CompErrorln(err.Error())
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// describeCompletion gives cobra's own completion command the examples that
// every command has.
func describeCompletion(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Example = "  source <(mlops-cli completion bash)\n  mlops-cli completion zsh > \"${fpath[1]}/_mlops-cli\""
		for _, shell := range cmd.Commands() {
			shell.Example = "  mlops-cli completion " + shell.Name()
		}
	}
}
