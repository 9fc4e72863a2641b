package gbdt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// probeRows are the rows of gbdt_files.py: new ones, with missing values where
// training had some and where not, unseen categories, zeros and extremes.
func probeRows(t testing.TB) [][]float64 {
	t.Helper()
	_, columns, _ := tabular(t, "y", caseTrainRows, caseTrainRows+30)
	set := func(column, from, step int, v float64) {
		for row := from; row < len(columns[column]); row += step {
			columns[column][row] = v
		}
	}
	set(0, 0, 5, math.NaN())
	set(6, 1, 5, 77)
	set(5, 2, 5, -1)
	set(4, 3, 5, math.NaN())
	set(3, 4, 5, 0)
	set(6, 2, 7, math.NaN())
	set(1, 5, 7, 40)
	set(2, 6, 7, -40)
	return columns
}

// sameJSON fails where got lacks what want has. Numbers may differ in the sixth
// digit, which is the last of most statistics in LightGBM's texts.
func sameJSON(t *testing.T, path string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for key, v := range want {
			if _, ok := got[key]; !ok && v != nil {
				t.Errorf("%s has no %q, LightGBM has %v", path, key, v)
				continue
			}
			sameJSON(t, path+"."+key, got[key], v)
		}
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			t.Errorf("%s has %d elements, LightGBM has %d", path, len(got), len(want))
			return
		}
		for i, v := range want {
			sameJSON(t, fmt.Sprintf("%s[%d]", path, i), got[i], v)
		}
	case float64:
		v, ok := got.(float64)
		if !ok || !(math.Abs(v-want) <= 1e-5*(1e-3+math.Abs(want))) {
			t.Errorf("%s is %v, LightGBM has %v", path, got, want)
		}
	default:
		if got != want {
			t.Errorf("%s is %v, LightGBM has %v", path, got, want)
		}
	}
}

// writtenJSON is what WriteJSON writes, decoded.
func writtenJSON(t *testing.T, m *Model) any {
	t.Helper()
	var text bytes.Buffer
	if err := m.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Of every objective and kind of boosting, LightGBM's text and JSON predict here
// what they predict there, and the JSON that we write of them is LightGBM's.
func TestFilesOfEveryObjectivePredictAsInLightGBM(t *testing.T) {
	data, err := os.ReadFile("testdata/files.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]struct {
		Text             string
		Dump             json.RawMessage
		Predictions, Raw []float64
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	columns := probeRows(t)
	for name, want := range files {
		t.Run(name, func(t *testing.T) {
			m, err := ReadText(strings.NewReader(want.Text))
			if err != nil {
				t.Fatal(err)
			}
			if m.average { // LightGBM's raw scores are of the sum of the trees
				for i := range want.Raw {
					want.Raw[i] /= float64(m.NumIterations())
				}
			}
			check := func(m *Model) {
				got, err := m.Predict(columns)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "prediction", got, want.Predictions, 1e-12)
				if got, err = m.PredictRaw(columns); err != nil {
					t.Fatal(err)
				}
				near(t, "raw score", got, want.Raw, 1e-12)
			}
			check(m)
			if want.Dump == nil {
				return
			}
			dumped, err := ReadJSON(bytes.NewReader(want.Dump))
			if err != nil {
				t.Fatal(err)
			}
			check(dumped)
			var theirs any
			if err := json.Unmarshal(want.Dump, &theirs); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "dump", writtenJSON(t, m), theirs)
		})
	}
}
