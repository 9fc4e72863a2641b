package gbdt

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

type explained struct {
	Rows   [][]*float64
	Models map[string]struct{ Contributions, Leaves, Range, Early []float64 }
}

func readExplained(t testing.TB) (e explained, columns [][]float64) {
	t.Helper()
	data, err := os.ReadFile("testdata/explained.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	columns = make([][]float64, len(tabularFeatures))
	for _, row := range e.Rows {
		for f, cell := range row {
			v := math.NaN()
			if cell != nil {
				v = *cell
			}
			columns[f] = append(columns[f], v)
		}
	}
	return e, columns
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, LightGBM has %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Errorf("%s %d: got %v, LightGBM has %v", what, i, got[i], want[i])
		}
	}
}

// Leaves, contributions, ranges of iterations and early stopping are LightGBM's.
func TestPredictionsOfAllKindsEqualLightGBM(t *testing.T) {
	e, columns := readExplained(t)
	for name, want := range e.Models {
		t.Run(name, func(t *testing.T) {
			m := readLightGBM(t, "testdata/"+name+".txt")
			contributions, err := m.Contributions(columns)
			if err != nil {
				t.Fatal(err)
			}
			if m.average { // LightGBM's are of the sum of the trees
				for i := range contributions {
					contributions[i] *= float64(m.NumIterations())
				}
			}
			near(t, "contribution", contributions, want.Contributions, 1e-12)
			leaves, err := m.PredictLeaves(columns)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, len(leaves))
			for i, leaf := range leaves {
				got[i] = float64(leaf)
			}
			near(t, "leaf", got, want.Leaves, 0)
			if want.Range != nil {
				part, err := m.Iterations(1, 2)
				if err != nil {
					t.Fatal(err)
				}
				got, err := part.Predict(columns)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "range", got, want.Range, 1e-12)
			}
			if want.Early != nil {
				got, err := m.PredictEarlyStop(columns, EarlyStop{Every: 2, Margin: 0.5})
				if err != nil {
					t.Fatal(err)
				}
				near(t, "early stop", got, want.Early, 1e-12)
			}
		})
	}
}

// Contributions add up to the raw prediction.
func TestContributionsAddUp(t *testing.T) {
	for name, change := range map[string]func(*Params){
		"classes": func(p *Params) { p.Objective, p.NumClass = Multiclass, 3 },
		"forest": func(p *Params) {
			p.Objective, p.NumClass, p.Boosting, p.BaggingFreq, p.BaggingFraction = Multiclass, 3, RandomForest, 1, 0.6
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			p.NumIterations, p.MinDataPerGroup = 12, 10
			change(&p)
			m := trainTabular(t, "kind", 700, p)
			_, columns, _ := tabular(t, "kind", 700, -1)
			spoil(columns)
			raw, err := m.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			contributions, err := m.Contributions(columns)
			if err != nil {
				t.Fatal(err)
			}
			width := m.NumFeatures() + 1
			for i, want := range raw {
				sum := 0.0
				for _, v := range contributions[i*width : (i+1)*width] {
					sum += v
				}
				if math.Abs(sum-want) > 1e-9 {
					t.Fatalf("score %d is %v, its contributions add up to %v", i, want, sum)
				}
			}
		})
	}
}

func TestPredictionsRefuse(t *testing.T) {
	_, columns := readExplained(t)
	regression := readLightGBM(t, "testdata/lightgbm_regression.txt")
	if _, err := regression.PredictEarlyStop(columns, EarlyStop{Every: 1}); err == nil {
		t.Error("early stopping of a regression was taken")
	}
	binary := readLightGBM(t, "testdata/lightgbm_binary.txt")
	if _, err := binary.PredictEarlyStop(columns, EarlyStop{}); err == nil {
		t.Error("early stopping every 0 iterations was taken")
	}
	if _, err := binary.Iterations(5, 1); err == nil {
		t.Error("an iteration beyond the last was taken")
	}
	if _, err := binary.Contributions(columns[1:]); err == nil {
		t.Error("a column less was taken")
	}
	text := strings.Replace(lightGBMText(t, "binary"), "internal_count=700 ", "internal_count=701 ", 1)
	m, err := ReadText(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Contributions(columns); err == nil || !strings.Contains(err.Error(), "tree 0") {
		t.Errorf("row counts that do not add up: got %v", err)
	}
}

// LightGBM's JSON reads to the model of its text, and ours reads back to the
// same text.
func TestJSONEqualsText(t *testing.T) {
	for _, name := range []string{"binary", "multiclass", "rf", "stump", "regression"} {
		t.Run(name, func(t *testing.T) {
			want := readLightGBM(t, "testdata/lightgbm_"+name+".txt")
			var ours bytes.Buffer
			if err := want.WriteJSON(&ours); err != nil {
				t.Fatal(err)
			}
			dumps := map[string][]byte{"ours": ours.Bytes()}
			if theirs, err := os.ReadFile("testdata/dump_" + name + ".json"); err == nil {
				dumps["LightGBM's"] = theirs
				var a, b map[string]any
				if json.Unmarshal(theirs, &a) != nil || json.Unmarshal(ours.Bytes(), &b) != nil {
					t.Fatal("no JSON")
				}
				for key := range a {
					if _, ok := b[key]; !ok {
						t.Errorf("LightGBM's dump has the key %q, ours has not", key)
					}
				}
			}
			for which, dump := range dumps {
				got, err := ReadJSON(bytes.NewReader(dump))
				if err != nil {
					t.Fatal(err)
				}
				got.parameters = want.parameters
				for i := range got.trees {
					sameTree(t, i, canonical(got.trees[i]), canonical(want.trees[i]), 0)
				}
				if modelText(t, got)[:300] != modelText(t, want)[:300] {
					t.Errorf("%s: the headers differ", which)
				}
			}
		})
	}
}

// canonical orders the category sets by their nodes: a dump does not keep their
// order.
func canonical(t *tree) *tree {
	c := *t
	c.threshold = append([]float64(nil), t.threshold...)
	c.catBoundaries, c.catThreshold = nil, nil
	for i := range c.feature {
		if c.decision[i]&decisionCategorical == 0 {
			continue
		}
		if c.catBoundaries == nil {
			c.catBoundaries = []int32{0}
		}
		set := int(t.threshold[i])
		c.threshold[i] = float64(len(c.catBoundaries) - 1)
		c.catThreshold = append(c.catThreshold, t.catThreshold[t.catBoundaries[set]:t.catBoundaries[set+1]]...)
		c.catBoundaries = append(c.catBoundaries, int32(len(c.catThreshold)))
	}
	return &c
}

// Whatever ReadJSON takes, predicts and writes itself again.
func FuzzReadJSON(f *testing.F) {
	for _, name := range []string{"binary", "multiclass"} {
		dump, err := os.ReadFile("testdata/dump_" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(dump)
	}
	head := `{"name":"tree","num_class":1,"num_tree_per_iteration":1,"max_feature_idx":0,"feature_names":["a"],"tree_info":[{"tree_structure":`
	node := `{"split_index":0,"split_feature":0,"threshold":1,"decision_type":"<=","missing_type":"None","left_child":{"leaf_index":0,"leaf_value":1},"right_child":{"leaf_index":1,"leaf_value":2}}`
	f.Add([]byte(head + node + `}]}`))
	f.Add([]byte(head + strings.Replace(node, `"leaf_index":1`, `"leaf_index":0`, 1) + `}]}`))
	f.Add([]byte(head + strings.Replace(strings.Replace(node, `"<="`, `"=="`, 1), `"threshold":1`, `"threshold":"3||900000"`, 1) + `}]}`))
	f.Add([]byte(head + strings.Repeat(`{"left_child":`, 500) + `}]}`))
	f.Add([]byte(smallJSON("", "")))
	f.Add([]byte(smallJSON(`"split_index":1`, `"split_index":-1`)))
	f.Add([]byte(smallJSON(`"threshold":0.5`, `"threshold":"NaN"`)))
	f.Add([]byte(smallJSON(`"num_class":1`, `"num_class":1000000000`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		row, out := make([]float64, m.NumFeatures()), make([]float64, m.NumOutputs())
		m.PredictRow(row, out)
		var again bytes.Buffer
		if err := m.WriteJSON(&again); err != nil {
			return // numbers that JSON does not have
		}
		if _, err := ReadJSON(&again); err != nil {
			t.Fatalf("the JSON written of a model that was read: %v", err)
		}
	})
}
