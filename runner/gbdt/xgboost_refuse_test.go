package gbdt

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func xgboostBytes(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "xgboost", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantXGBoostError checks that a hostile file is a *FormatError at the place, and
// that it does not cost memory.
func wantXGBoostError(t *testing.T, name string, data []byte, tree int, key, reason string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ReadXGBoost(bytes.NewReader(data))
	runtime.ReadMemStats(&after)
	var format *FormatError
	if !errors.As(err, &format) {
		t.Errorf("%s: the error is %v", name, err)
		return
	}
	if format.Tree != tree || format.Key != key || !strings.Contains(format.Reason, reason) || !strings.Contains(err.Error(), "XGBoost model") {
		t.Errorf("%s: tree %d, key %q: %v", name, format.Tree, format.Key, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%s: took %d bytes", name, used)
	}
}

func TestReadXGBoostNamesTreeAndKey(t *testing.T) {
	model := string(xgboostBytes(t, "3.2.0_dart.json"))
	for _, c := range []struct {
		name, old, new string
		tree           int
		key, reason    string
	}{
		{"cycle", `"left_children":[1,`, `"left_children":[0,`, 0, "left_children", "met twice"},
		{"two parents", `"right_children":[2,`, `"right_children":[1,`, 0, "left_children", "met twice"},
		{"negative child", `"left_children":[1,`, `"left_children":[-2,`, 0, "left_children", "-2 is not a whole number"},
		{"child without a node", `"right_children":[2,`, `"right_children":[99,`, 0, "right_children", "99"},
		{"huge child", `"right_children":[2,`, `"right_children":[9007199254740993,`, 0, "right_children", "9007199254740992"},
		{"fractional child", `"right_children":[2,`, `"right_children":[1.5,`, 0, "right_children", "1.5"},
		{"NaN child", `"left_children":[1,`, `"left_children":[NaN,`, 0, "left_children", "NaN"},
		{"negative feature", `"split_indices":[`, `"split_indices":[-`, 0, "split_indices", "-"},
		{"gigabytes of nodes", `"num_nodes":"`, `"num_nodes":"10000000`, 0, "left_children", "instead of"},
		{"too many nodes", `"num_nodes":"`, `"num_nodes":"9999999999999`, 0, "num_nodes", "whole number"},
		{"negative nodes", `"num_nodes":"`, `"num_nodes":"-`, 0, "num_nodes", "whole number"},
		{"vector leaves", `"size_leaf_vector":"1"`, `"size_leaf_vector":"2"`, 0, "size_leaf_vector", "multi_output_tree"},
		{"short list", `"default_left":[`, `"default_left":[0,`, 0, "default_left", "instead of"},
		{"no list", `"split_conditions":[`, `"conditions":[`, 0, "split_conditions", "missing"},
		{"mixed list", `"split_indices":[`, `"split_indices":["1",`, 0, "split_indices", "mixed"},
		{"unknown kind of split", `"split_type":[`, `"split_type":[2,`, 0, "split_type", "instead of"},
		{"key twice", `"split_indices":[`, `"split_type":[],"split_indices":[`, 0, "split_type", "twice"},
		{"negative category", `"categories":[`, `"categories":[-1,`, 0, "categories", "-1"},
		{"huge category", `"categories":[`, `"categories":[16777216,`, 0, "categories", "16777216"},
		{"segment outside", `"categories_segments":[`, `"categories_segments":[9999`, 0, "categories_segments", "whole number"},
		{"size outside", `"categories_sizes":[`, `"categories_sizes":[9`, 0, "categories_sizes", "whole number"},
		{"no such node", `"categories_nodes":[`, `"categories_nodes":[99`, 0, "categories_nodes", "99"},
		{"weights missing", `"weight_drop":[`, `"weight_drop":[1,`, -1, "weight_drop", "5 values instead of 4"},
		{"weight not finite", `"weight_drop":[`, `"weight_drop":[1E999,`, -1, "weight_drop", "5 values"},
		{"tree of no output", `"tree_info":[0,`, `"tree_info":[1,`, 0, "tree_info", "from 0 to 0"},
		{"gigabytes of features", `"num_feature":"4","num_target"`, `"num_feature":"2000000000","num_target"`, -1, "num_feature", "1048576"},
		{"names missing", `"feature_names":["age",`, `"feature_names":[`, -1, "feature_names", "3 names for 4"},
		{"gigabytes of classes", `"num_class":"0"`, `"num_class":"2000000000"`, -1, "num_class", "whole number"},
		{"classes of a regression", `"num_class":"0"`, `"num_class":"3"`, -1, "name", "num_class"},
		{"base score", `"base_score":"[`, `"base_score":"[x`, -1, "base_score", "no number"},
		{"base scores", `"base_score":"[`, `"base_score":"[1,`, -1, "base_score", "2 values for 1"},
		{"objective", `"reg:squarederror"`, `"rec:squarederror"`, -1, "name", "rec:"},
		{"booster", `"name":"dart"`, `"name":"gblinear"`, -1, "name", "gblinear"},
		{"best iteration", `"attributes":{}`, `"attributes":{"best_iteration":"4"}`, -1, "best_iteration", "from -1 to 3"},
		{"no model", `{"learner"`, `{"teacher"`, -1, "learner", "missing"},
		{"no value", `"split_indices":[`, `"split_indices":[x`, 0, "split_indices", "no value"},
		{"something more", `"version":[3,2,0]}`, `"version":[3,2,0]}x`, -1, "", "follows"},
	} {
		broken := strings.Replace(model, c.old, c.new, 1)
		if broken == model {
			t.Errorf("%s: the model has no %s", c.name, c.old)
			continue
		}
		wantXGBoostError(t, c.name, []byte(broken), c.tree, c.key, c.reason)
	}
}

// A NaN condition, which no comparison decides, is refused at a node and at a leaf.
func TestReadXGBoostRefusesNaNConditions(t *testing.T) {
	const format = `{"learner":{"learner_model_param":{"base_score":"0","num_class":"0","num_feature":"1"},"objective":{"name":"reg:squarederror"},
"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],"trees":[{"tree_param":{"num_nodes":"3"},"left_children":[1,-1,-1],
"right_children":[2,-1,-1],"split_indices":[0,0,0],"default_left":[false,false,false],"split_conditions":[CONDITIONS]}]}}}}`
	wantXGBoostError(t, "node", []byte(strings.Replace(format, "CONDITIONS", "NaN,1,2", 1)), 0, "split_conditions", "node 0")
	wantXGBoostError(t, "leaf", []byte(strings.Replace(format, "CONDITIONS", "1,NaN,2", 1)), 0, "split_conditions", "leaf 1")
	wantXGBoostError(t, "infinite leaf", []byte(strings.Replace(format, "CONDITIONS", "1,1,1E39", 1)), 0, "split_conditions", "leaf 2")
	for condition, want := range map[string][3]float64{"-Infinity": {2, 2, 2}, "Infinity": {1, 1, 2}, "0.5": {1, 2, 2}} {
		m, err := ReadXGBoost(strings.NewReader(strings.Replace(format, "CONDITIONS", condition+",1,2", 1)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.PredictRaw([][]float64{{-math.MaxFloat32, math.MaxFloat32, math.NaN()}})
		if err != nil {
			t.Fatal(err)
		}
		near(t, condition, got, want[:], 0)
	}
}

func TestReadXGBoostRefusesHostileEncodings(t *testing.T) {
	key := "L\x00\x00\x00\x00\x00\x00\x00\x01a"
	huge := "L\x3f\xff\xff\xff\xff\xff\xff\xff"
	for name, c := range map[string]struct{ data, key, reason string }{
		"nothing":             {"", "", "does not begin"},
		"old binary":          {"binf\x00\x00", "", "does not begin"},
		"deep JSON lists":     {`{"a":` + strings.Repeat("[", 1<<14), "a", "deep"},
		"deep JSON objects":   {strings.Repeat(`{"a":`, 1<<14), "a", "deep"},
		"deep UBJSON lists":   {"{" + key + strings.Repeat("[", 1<<14), "a", "deep"},
		"deep UBJSON objects": {strings.Repeat("{"+key, 1<<14), "a", "deep"},
		"huge key":            {"{" + huge, "", "count"},
		"huge string":         {"{" + key + "S" + huge, "a", "count"},
		"negative string":     {"{" + key + "Si\xff", "a", "count"},
		"huge list":           {"{" + key + "[#" + huge, "a", "count"},
		"huge list of floats": {"{" + key + "[$d#" + huge, "a", "count"},
		"list of nothings":    {"{" + key + "[$Z#" + huge, "a", "no number"},
		"list without count":  {"{" + key + "[$dd", "a", "no count"},
		"fractional count":    {"{" + key + "[#d\x3f\x00\x00\x00", "a", "count"},
		"no marker":           {"{" + key + "?", "a", "marker"},
		"UBJSON and more":     {"{i\x01aU\x01}x", "a", "follows"},
		"no object":           {"{} ", "learner", "missing"},
	} {
		if name == "UBJSON and more" {
			c.key = ""
		}
		wantXGBoostError(t, name, []byte(c.data), -1, c.key, c.reason)
	}
}

// A file that ends anywhere is truncated, and says so.
func TestReadXGBoostRefusesEveryPrefix(t *testing.T) {
	for _, name := range []string{"3.2.0_binary.json", "3.2.0_binary.ubj"} {
		data := xgboostBytes(t, name)
		for n := 0; n < len(data); n += prefixStep {
			var format *FormatError
			if _, err := ReadXGBoost(bytes.NewReader(data[:n])); !errors.As(err, &format) {
				t.Fatalf("%s: of %d bytes, %d are: %v", name, len(data), n, err)
			}
		}
	}
}

// FuzzReadXGBoost reads anything; what is a model predicts, and finds its leaves.
func FuzzReadXGBoost(f *testing.F) {
	for _, name := range []string{"3.2.0_dart.json", "3.2.0_dart.ubj", "1.7.6_onehot.ubj", "2.1.4_targets.ubj", "3.2.0_empty.json", "1.7.6_empty.ubj"} {
		f.Add(xgboostBytes(f, name))
	}
	f.Add([]byte(`{"learner":{"objective":{"name":"rank:ndcg"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadXGBoost(bytes.NewReader(data))
		if err != nil {
			return
		}
		if m.NumFeatures() > 1<<12 || m.NumOutputs() > 1<<12 {
			return // wide, as it may be: scoring it shows nothing more
		}
		columns := make([][]float64, m.NumFeatures())
		for i := range columns {
			columns[i] = []float64{0, math.NaN(), float64(i), -1e30}
		}
		if _, err := m.Predict(columns); err != nil {
			t.Fatal(err)
		}
		if _, err := m.PredictLeaves(columns); err != nil {
			t.Fatal(err)
		}
	})
}
