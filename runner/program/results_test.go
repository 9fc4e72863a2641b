package program_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/program"
)

func TestPredictionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		text    string
		classes int
		want    string // of the error; "": none
		proba   []float64
	}{
		{"prediction\n1.5\n2\n", 0, "", nil},
		{"prediction\n1\n0\n", 2, "", []float64{0, 1, 1, 0}},
		{"proba_0,proba_1\n0.25,0.75\n1,0\n", 2, "", []float64{0.25, 0.75, 1, 0}},
		{"proba_0,proba_1\n0.25,0.7\n1,0\n", 2, "add up to 0.95, not 1", nil},
		{"proba_0\n1\n1\n", 2, "proba_1", nil},
		{"prediction\n2\n0\n", 2, "2 is no index of a class, 0 to 1", nil},
		{"prediction\nNaN\n0\n", 0, `row 1, column "prediction": there is no finite number`, nil},
		{"prediction\nx\n0\n", 0, `row 1`, nil},
		{"prediction\n1\n", 0, "wrote 1 predictions in predictions.csv for 2 rows", nil},
		{"score\n1\n2\n", 0, `"prediction"`, nil},
		{"", 0, "wrote no predictions.csv", nil},
		{strings.Repeat("x", 2<<20), 0, "more than", nil},
	} {
		folder, err := program.NewFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if c.text != "" {
			if err := os.WriteFile(filepath.Join(folder.Path(), "predictions.csv"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := folder.Predictions(t.Context(), program.CSV, 2, c.classes)
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%.40q: %v; want %q", c.text, err, c.want)
		case c.want == "" && (err != nil || !slices.Equal(p.Proba, c.proba)):
			t.Errorf("%.40q: %v, %v; want %v", c.text, p, err, c.proba)
		}
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}
}
