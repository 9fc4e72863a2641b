package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	mlopsv1 "mlops/proto/mlops/v1"
)

func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" {
			return
		}
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s has no example or no description", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  ") && line != "" {
				t.Errorf("%s: the example %q is not indented", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(newConsole(t.TempDir(), "").app))
}

func TestWhyQueued(t *testing.T) {
	worker := func(state string, change func(*mlopsv1.WorkerInfo)) *mlopsv1.WorkerInfo {
		w := &mlopsv1.WorkerInfo{WorkerId: "a", State: state, Slots: 1, Capabilities: []string{"train"}, Labels: map[string]string{hostLabel: "h", "gpu": "no"}}
		if change != nil {
			change(w)
		}
		return w
	}
	spec := func(class mlopsv1.SlotClass, labels map[string]string) *mlopsv1.TaskSpec {
		return &mlopsv1.TaskSpec{SlotClass: class, Requirements: &mlopsv1.Requirements{Labels: labels}}
	}
	batch := mlopsv1.SlotClass_SLOT_CLASS_BATCH
	for name, c := range map[string]struct {
		spec    *mlopsv1.TaskSpec
		workers []*mlopsv1.WorkerInfo
		want    string
	}{
		"no worker":        {spec(batch, nil), nil, "no worker is connected"},
		"none ready":       {spec(batch, nil), []*mlopsv1.WorkerInfo{worker("draining", nil), worker("lost", nil)}, "none of the 2 workers"},
		"no capability":    {spec(batch, nil), []*mlopsv1.WorkerInfo{worker("ready", func(w *mlopsv1.WorkerInfo) { w.Capabilities = []string{"predict"} })}, "no worker offers train"},
		"another host":     {spec(batch, map[string]string{hostLabel: "other"}), []*mlopsv1.WorkerInfo{worker("ready", nil)}, "--upload"},
		"another label":    {spec(batch, map[string]string{"gpu": "yes", hostLabel: "h"}), []*mlopsv1.WorkerInfo{worker("ready", nil)}, "gpu=yes"},
		"no slot of class": {spec(mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE, nil), []*mlopsv1.WorkerInfo{worker("ready", nil)}, "no worker that could take it has slots"},
		"only busy":        {spec(batch, map[string]string{"gpu": "no"}), []*mlopsv1.WorkerInfo{worker("ready", nil)}, ""},
	} {
		got := whyQueued("train", c.spec, c.workers)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q does not say %q", name, got, c.want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"models/a_1.csv": "models/a_1.csv", "my data.csv": "'my data.csv'", "it's": `'it'\''s'`, "": "''"} {
		if got := shellWord(in); got != want {
			t.Errorf("%q gives %s, want %s", in, got, want)
		}
	}
}
