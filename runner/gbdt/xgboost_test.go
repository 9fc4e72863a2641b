package gbdt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// xgboostReference is what tools/reference/gbdt_xgboost.py writes of a version.
type xgboostReference struct {
	Rows   [][]*float64
	Models map[string]struct {
		Margins, Predictions []float64
		Rounds               int
	}
}

func readXGBoostReference(t *testing.T, version string) (ref xgboostReference, columns [][]float64) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "xgboost", version+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	columns = make([][]float64, len(ref.Rows[0]))
	for _, row := range ref.Rows {
		for f, v := range row {
			columns[f] = append(columns[f], math.NaN())
			if v != nil {
				columns[f][len(columns[f])-1] = *v
			}
		}
	}
	return ref, columns
}

func readXGBoostFile(t *testing.T, name string) *Model {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "xgboost", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := ReadXGBoost(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// Every model gives XGBoost's scores and predictions, read from either encoding,
// for single rows and for batches; the rows stand on, above and below conditions.
func TestReadXGBoostPredictsAsXGBoost(t *testing.T) {
	for _, version := range []string{"1.7.6", "2.1.4", "3.2.0"} {
		ref, columns := readXGBoostReference(t, version)
		if len(ref.Models) != 15 {
			t.Fatalf("%s: %d models", version, len(ref.Models))
		}
		for name, want := range ref.Models {
			for _, encoding := range []string{"json", "ubj"} {
				file := fmt.Sprintf("%s_%s.%s", version, name, encoding)
				m := readXGBoostFile(t, file)
				raw, err := m.PredictRaw(columns)
				if err != nil {
					t.Fatal(err)
				}
				nearXGBoost(t, file+" margins", raw, want.Margins)
				predicted, err := m.Predict(columns)
				if err != nil {
					t.Fatal(err)
				}
				single := make([]float64, m.NumOutputs())
				for r := range ref.Rows {
					row := make([]float64, len(columns))
					for f := range columns {
						row[f] = columns[f][r]
					}
					m.PredictRow(row, single)
					nearXGBoost(t, file+" row", single, predicted[r*len(single):(r+1)*len(single)])
				}
				if name == "softmax" {
					predicted = bestClasses(predicted, m.NumOutputs())
				}
				nearXGBoost(t, file+" predictions", predicted, want.Predictions)
				byNode(t, file, m, columns, raw)
			}
		}
	}
}

// byNode adds up the leaves that [Model.PredictLeaves] finds.
func byNode(t *testing.T, file string, m *Model, columns [][]float64, raw []float64) {
	t.Helper()
	leaves, err := m.PredictLeaves(columns)
	if err != nil {
		t.Fatal(err)
	}
	sums := make([]float64, len(raw))
	for i, leaf := range leaves {
		row, tree := i/m.NumTrees(), i%m.NumTrees()
		sums[row*m.outputs+tree%m.outputs] += m.trees[tree].leafValue[leaf]
	}
	nearXGBoost(t, file+" leaves", sums, raw)
}

func bestClasses(probabilities []float64, classes int) []float64 {
	var best []float64
	for ; len(probabilities) > 0; probabilities = probabilities[classes:] {
		top := 0
		for k, p := range probabilities[:classes] {
			if p > probabilities[top] {
				top = k
			}
		}
		best = append(best, float64(top))
	}
	return best
}

// nearXGBoost compares up to 1e-6, of values above 1 relative to them.
func nearXGBoost(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values instead of %d", what, len(got), len(want))
	}
	for i, v := range want {
		if !(math.Abs(got[i]-v) <= 1e-6*max(1, math.Abs(v))) {
			t.Fatalf("%s: value %d is %v, XGBoost has %v", what, i, got[i], v)
		}
	}
}

// What is not a prediction comes along, too.
func TestReadXGBoostKeepsNamesRoundsAndObjective(t *testing.T) {
	ref, _ := readXGBoostReference(t, "3.2.0")
	for name, want := range map[string]struct {
		objective                 string
		classes, outputs, perStep int
	}{
		"regression": {"regression", 1, 1, 1}, "logistic": {"cross_entropy", 1, 1, 1}, "binary": {"binary", 1, 1, 1},
		"softmax": {"multiclass", 3, 3, 2}, "targets": {"regression", 1, 2, 1}, "early": {"regression", 1, 1, 2}, "ranking": {"lambdarank", 1, 1, 1},
	} {
		m := readXGBoostFile(t, "3.2.0_"+name+".ubj")
		rounds := ref.Models[name].Rounds
		if m.Objective() != want.objective || m.NumClass() != want.classes || m.NumOutputs() != want.outputs || m.BestIteration() != rounds*want.perStep {
			t.Errorf("%s: %s, %d classes, %d outputs, best iteration %d of %d rounds", name, m.Objective(), m.NumClass(), m.NumOutputs(), m.BestIteration(), rounds)
		}
		if names := strings.Join(m.FeatureNames(), "|"); names != "age|blood pressure|kind|dose" {
			t.Errorf("%s: features %s", name, names)
		}
	}
	if early := ref.Models["early"].Rounds; early >= 30 {
		t.Errorf("the model with early stopping has all %d rounds", early)
	}
}

// A model whose splits are all numeric becomes LightGBM's text without a loss;
// one with categories is refused, since LightGBM sends missing ones another way.
func TestXGBoostModelAsText(t *testing.T) {
	_, columns := readXGBoostReference(t, "3.2.0")
	m := readXGBoostFile(t, "3.2.0_pruned.json")
	var text bytes.Buffer
	if err := m.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	again, err := ReadText(&text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the text's predictions", got, want, 0)
	for name, write := range map[string]func(*Model, io.Writer) error{"text": (*Model).WriteText, "JSON": (*Model).WriteJSON} {
		if err := write(readXGBoostFile(t, "3.2.0_regression.json"), io.Discard); err == nil || !strings.Contains(err.Error(), "categories") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// below draws the line where float32 comparison does, for all bit patterns.
func TestBelowIsTheFloat32Comparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		condition := math.Float32frombits(rapid.Uint32().Draw(t, "condition"))
		if rapid.IntRange(0, 9).Draw(t, "edge") == 0 {
			condition = rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32,
				math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), 0x1p-126, -0x1p-126, 1, -1}).Draw(t, "condition at an edge")
		}
		if condition != condition || math.IsInf(float64(condition), -1) {
			return // no number lies below it
		}
		threshold := below(condition)
		if !(float32(threshold) < condition) || float32(math.Nextafter(threshold, math.Inf(1))) < condition {
			t.Fatalf("%v is not the largest float64 below %v", threshold, condition)
		}
		x := math.Float64frombits(rapid.Uint64().Draw(t, "x"))
		switch rapid.IntRange(0, 2).Draw(t, "place") {
		case 0:
			x = math.Float64frombits(math.Float64bits(threshold) + uint64(rapid.Int64Range(-3, 3).Draw(t, "steps")))
		case 1:
			x = float64(condition) * (1 + rapid.Float64Range(-1e-6, 1e-6).Draw(t, "share"))
		}
		if (x <= threshold) != (float32(x) < condition) {
			t.Fatalf("%v <= %v, but float32 says otherwise of %v", x, threshold, condition)
		}
	})
}
