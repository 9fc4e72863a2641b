package gbdt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
)

// smallJSON is a dump with a tree of three leaves, whose parts can be replaced.
func smallJSON(old, new string) string {
	const dump = `{"name":"tree","version":"v4","num_class":1,"num_tree_per_iteration":1,"max_feature_idx":1,"objective":"regression",` +
		`"feature_names":["a","b"],"tree_info":[{"tree_index":0,"num_leaves":3,"num_cat":1,"shrinkage":1,"tree_structure":` +
		`{"split_index":0,"split_feature":0,"threshold":0.5,"decision_type":"<=","default_left":true,"missing_type":"None",` +
		`"left_child":{"split_index":1,"split_feature":1,"threshold":"1||3","decision_type":"==","default_left":false,"missing_type":"NaN",` +
		`"left_child":{"leaf_index":0,"leaf_value":1},"right_child":{"leaf_index":1,"leaf_value":2}},` +
		`"right_child":{"leaf_index":2,"leaf_value":3}}}]}`
	return strings.Replace(dump, old, new, 1)
}

// allocated is how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// refusesCheaply fails unless read refuses the data with a *FormatError of the key
// and little memory.
func refusesCheaply(t *testing.T, read func(io.Reader) error, data, key string) {
	t.Helper()
	var err error
	used := allocated(func() { err = read(strings.NewReader(data)) })
	var format *FormatError
	if !errors.As(err, &format) || format.Key != key {
		t.Errorf("got %v, want a *FormatError of %q", err, key)
	}
	if used > 4<<20 {
		t.Errorf("took %d bytes for %d", used, len(data))
	}
}

func readsText(r io.Reader) error { _, err := ReadText(r); return err }
func readsJSON(r io.Reader) error { _, err := ReadJSON(r); return err }

// What a text claims costs nothing: only what it holds.
func TestReadTextRefusesHostileTextsCheaply(t *testing.T) {
	for name, c := range map[string]struct {
		replace map[string]string
		key     string
	}{
		"a cycle":                  {map[string]string{"left_child": "1 0"}, "left_child"},
		"a negative leaf":          {map[string]string{"right_child": "-2147483648 -2"}, "left_child"},
		"a negative feature":       {map[string]string{"split_feature": "-1 1"}, "split_feature"},
		"a NaN threshold":          {map[string]string{"threshold": "nan 2"}, "threshold"},
		"gigabytes of leaves":      {map[string]string{"num_leaves": "1000000000"}, "leaf_value"},
		"gigabytes of sets":        {map[string]string{"num_cat": "1000000000"}, "num_cat"},
		"gigabytes of classes":     {map[string]string{"num_class": "1000000000"}, "num_class"},
		"gigabytes of outputs":     {map[string]string{"num_tree_per_iteration": "1000000000"}, "num_tree_per_iteration"},
		"gigabytes of features":    {map[string]string{"max_feature_idx": "1000000000"}, "max_feature_idx"},
		"more than an integer":     {map[string]string{"num_leaves": "99999999999999999999"}, "num_leaves"},
		"a huge classes objective": {map[string]string{"objective": "multiclass num_class:1000000000"}, "objective"},
	} {
		t.Run(name, func(t *testing.T) { refusesCheaply(t, readsText, small(c.replace), c.key) })
	}
}

// TestReadJSONRefuses has each kind of damage to a dump.
func TestReadJSONRefuses(t *testing.T) {
	if err := readsJSON(strings.NewReader(smallJSON("", ""))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, key string }{
		{"no model", `"name":"tree"`, `"name":"forest"`, "name"},
		{"gigabytes of classes", `"num_class":1`, `"num_class":1000000000`, "num_class"},
		{"a negative number of classes", `"num_class":1`, `"num_class":-1`, "num_class"},
		{"gigabytes of outputs", `"num_tree_per_iteration":1`, `"num_tree_per_iteration":1000000000`, "num_tree_per_iteration"},
		{"gigabytes of features", `"max_feature_idx":1`, `"max_feature_idx":1000000000`, "feature_names"},
		{"an objective of two lines", `"regression"`, `"regression\nTree=0"`, "objective"},
		{"an unknown objective", `"regression"`, `"magic"`, "objective"},
		{"no tree", `"tree_structure"`, `"structure"`, "tree_structure"},
		{"a node with one child", `,"right_child":{"leaf_index":2,"leaf_value":3}`, ``, "tree_structure"},
		{"a node twice", `"split_index":1`, `"split_index":0`, "split_index"},
		{"a leaf twice", `"leaf_index":1`, `"leaf_index":0`, "leaf_index"},
		{"a negative node", `"split_index":1`, `"split_index":-1`, "split_index"},
		{"a negative leaf", `"leaf_index":1`, `"leaf_index":-1`, "leaf_index"},
		{"a leaf beyond the leaves", `"leaf_index":2`, `"leaf_index":1000000000`, "leaf_index"},
		{"a root that is another node", `{"split_index":0,"split_feature":0`, `{"split_index":1,"split_feature":0`, "split_index"},
		{"a negative feature", `"split_feature":1`, `"split_feature":-1`, "split_feature"},
		{"a feature that is not there", `"split_feature":1`, `"split_feature":2`, "split_feature"},
		{"a NaN threshold", `"threshold":0.5`, `"threshold":"NaN"`, "threshold"},
		{"a threshold beyond all numbers", `"threshold":0.5`, `"threshold":1e999`, "threshold"},
		{"gigabytes of categories", `"1||3"`, `"1||1000000000000"`, "threshold"},
		{"a negative category", `"1||3"`, `"1||-3"`, "threshold"},
		{"an unknown decision", `"<="`, `">"`, "decision_type"},
		{"an unknown missing type", `"missing_type":"None"`, `"missing_type":"Some"`, "missing_type"},
		{"a leaf without a value", `"leaf_index":1,"leaf_value":2`, `"leaf_index":1`, "leaf_value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			damaged := smallJSON(c.old, c.new)
			if damaged == smallJSON("", "") {
				t.Fatalf("%s is not in the dump", c.old)
			}
			refusesCheaply(t, readsJSON, damaged, c.key)
		})
	}
}

// A file that ends anywhere before its last tree does is truncated.
func TestReadersRefuseEveryPrefix(t *testing.T) {
	text := small(nil)
	for n := 0; n < strings.Index(text, endOfTrees)+len(endOfTrees); n += prefixStep {
		if readsText(strings.NewReader(text[:n])) == nil {
			t.Fatalf("%d of %d bytes of a text are a model", n, len(text))
		}
	}
	dump := smallJSON("", "")
	for n := 0; n < len(dump); n += prefixStep {
		if readsJSON(strings.NewReader(dump[:n])) == nil {
			t.Fatalf("%d of %d bytes of a dump are a model", n, len(dump))
		}
	}
	p := DefaultParams()
	p.NumIterations, p.NumLeaves = 1, 3
	_, file := someSnapshot(t, p)
	for n := 0; n < len(file); n += prefixStep {
		if _, err := ReadSnapshot(bytes.NewReader(file[:n])); err == nil {
			t.Fatalf("%d of %d bytes are a snapshot", n, len(file))
		}
	}
}

func TestReadSnapshotRefusesHostileCounts(t *testing.T) {
	for name, head := range map[string]string{
		"gigabytes of text":    `{"Model":1000000000}`,
		"gigabytes of scores":  `{"Train":8000000000}`,
		"more than all scores": `{"Train":9000000000000000000}`,
		"a negative count":     `{"Valid":-1}`,
		"no JSON":              `{"Model":`,
		"a long line":          strings.Repeat(" ", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			used := allocated(func() { _, err = ReadSnapshot(strings.NewReader(snapshotFormat + head + "\n")) })
			if err == nil || used > 4<<20 {
				t.Errorf("got %v with %d bytes", err, used)
			}
		})
	}
}

// deepText is a model whose one tree is a path of nodes.
func deepText(nodes int) string {
	list := func(n int, value func(i int) string) string {
		words := make([]string, n)
		for i := range words {
			words[i] = value(i)
		}
		return strings.Join(words, " ")
	}
	ones := list(nodes, func(int) string { return "0" })
	return small(map[string]string{
		"num_leaves": fmt.Sprint(nodes + 1), "split_feature": ones, "decision_type": ones,
		"threshold": list(nodes, func(i int) string { return fmt.Sprint(i) }),
		"right_child": list(nodes, func(i int) string { // down the path
			if i == nodes-1 {
				return fmt.Sprint(-nodes - 1)
			}
			return fmt.Sprint(i + 1)
		}),
		"left_child": list(nodes, func(i int) string { return fmt.Sprint(-i - 1) }),
		"leaf_value": list(nodes+1, func(i int) string { return fmt.Sprint(i) }),
	})
}

// A tree as deep as it has nodes predicts; what would need its depth in memory or
// on the stack is refused.
func TestHugeDeepTree(t *testing.T) {
	const nodes = 200_000
	m, err := ReadText(strings.NewReader(deepText(nodes)))
	if err != nil {
		t.Fatal(err)
	}
	columns := [][]float64{{-1, 1000.5, nodes, math.NaN()}, {0, 0, 0, 0}}
	got, err := m.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "prediction", got, []float64{0, 1001, nodes, 0}, 0)
	if _, err := m.PredictLeaves(columns); err != nil {
		t.Error(err)
	}
	var out bytes.Buffer
	if err := m.WriteText(&out); err != nil {
		t.Error(err)
	}
	if err := m.WriteJSON(io.Discard); err == nil || !strings.Contains(err.Error(), "levels deep") {
		t.Errorf("WriteJSON: %v", err)
	}
	if _, err := m.Contributions(columns); err == nil {
		t.Error("a tree without row counts was explained")
	}
	// As JSON, nested as deeply as a file of this size can be.
	deep := strings.Repeat(`{"left_child":`, nodes)
	if readsJSON(strings.NewReader(smallJSON(`{"leaf_index":0,`, deep))) == nil {
		t.Error("a dump without ends was taken")
	}
}
