package olga_test

import (
	"testing"

	"mlops/runner/olga"
)

func TestTextIsUTF8OrElseWindows1252(t *testing.T) {
	for line, want := range map[string]string{
		"plain":               "plain",
		"Gr\xc3\xb6\xc3\x9fe": "Größe",
		"Gr\xf6\xdfe \x80":    "Größe €",
		"\x81\xc3\xa9\xff":    "\u0081Ã©ÿ",
		"":                    "",
	} {
		if got := olga.Text([]byte(line)); got != want {
			t.Errorf("%q is read as %q, not %q", line, got, want)
		}
	}
}
