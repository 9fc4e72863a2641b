package program

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestVersion(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}
	for _, c := range []struct {
		module   string
		settings []debug.BuildSetting
		want     string
	}{
		{"v1.2.3", commit, "v1.2.3"},
		{"(devel)", commit, "devel-0123456789ab"},
		{"", nil, "devel"},
		{"(devel)", []debug.BuildSetting{{Key: "vcs.revision", Value: "0123"}}, "devel"},
	} {
		if got := versionOf(&debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings}); got != c.want {
			t.Errorf("%q with %v is version %q, want %q", c.module, c.settings, got, c.want)
		}
	}
}

func TestLog(t *testing.T) {
	for _, c := range []struct {
		flags       []string
		says, error string
	}{
		{nil, `level=INFO msg=hello`, ""},
		{[]string{"--log-format", "json"}, `"msg":"hello"`, ""},
		{[]string{"--log-level", "error"}, "", ""},
		{[]string{"--log-level", "loud"}, "", `--log-level "loud": use debug, info, warn or error`},
		{[]string{"--log-format", "xml"}, "", `--log-format "xml": use text or json`},
	} {
		var l Log
		cmd := &cobra.Command{}
		l.Register(cmd)
		if err := cmd.ParseFlags(c.flags); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		logger, err := l.Logger(&b)
		if err != nil {
			if err.Error() != c.error {
				t.Errorf("%q: %v, want %s", c.flags, err, c.error)
			}
			continue
		}
		logger.Info("hello")
		if c.error != "" || !strings.Contains(b.String(), c.says) || c.says == "" && b.Len() > 0 {
			t.Errorf("%q: the log is %q, want %q", c.flags, b.String(), c.says)
		}
	}
}
