package deploy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mlops/runner/config"
)

// Comparison is what differs between two deployments. What is the same in both is
// not in it.
type Comparison struct {
	// Facts are single figures and texts of the run: the model, the target, the data
	// and its fingerprint, the numbers of rows and columns, …
	Facts []Change
	// Metrics are all that either has, the same ones included.
	Metrics []MetricChange
	// Parameters are the configurations' values, by dotted path.
	Parameters []Change
	// FeaturesAdded and FeaturesRemoved are raw columns that only the second, or only
	// the first, needs.
	FeaturesAdded, FeaturesRemoved []string
	// Files are those whose size or content differs; sizes are in bytes.
	Files []FileChange
	// SizeA and SizeB are the sums of all files, in bytes.
	SizeA, SizeB int64
}

// Change is a value that differs; "" where one side has none.
type Change struct{ Name, A, B string }

// MetricChange is a metric of two runs; nil where one has none.
type MetricChange struct {
	Name string
	A, B *float64
}

// FileChange is a file that differs; a size of -1 means that there is none.
type FileChange struct {
	Path         string
	SizeA, SizeB int64
}

// Compare tells what differs between two deployments.
func Compare(a, b *Bundle) Comparison {
	c := Comparison{Facts: compareFacts(a.Metadata, b.Metadata), Metrics: compareMetrics(a.Metadata.Run.Metrics, b.Metadata.Run.Metrics)}
	c.Parameters = changes(parameters(a), parameters(b))
	c.FeaturesAdded, c.FeaturesRemoved = without(b.Columns(), a.Columns()), without(a.Columns(), b.Columns())
	inA, inB := map[string]FileInfo{}, map[string]FileInfo{}
	for _, f := range a.Files {
		inA[f.Path] = f
		c.SizeA += f.Size
	}
	for _, f := range b.Files {
		inB[f.Path] = f
		c.SizeB += f.Size
	}
	for _, path := range union(inA, inB) {
		fileA, hasA := inA[path]
		fileB, hasB := inB[path]
		if fileA.SHA256 == fileB.SHA256 {
			continue
		}
		change := FileChange{Path: path, SizeA: fileA.Size, SizeB: fileB.Size}
		if !hasA {
			change.SizeA = -1
		}
		if !hasB {
			change.SizeB = -1
		}
		c.Files = append(c.Files, change)
	}
	return c
}

func compareFacts(a, b Metadata) []Change {
	var list []Change
	for _, f := range []struct {
		name string
		of   func(Metadata) string
	}{
		{"version", func(m Metadata) string { return m.Version }},
		{"created_at", func(m Metadata) string { return m.CreatedAt.UTC().Format(time.RFC3339) }},
		{"program", func(m Metadata) string { return m.Program }},
		{"workflow_id", func(m Metadata) string { return m.WorkflowID }},
		{"model_name", func(m Metadata) string { return m.Run.ModelName }},
		{"problem_type", func(m Metadata) string { return m.Run.ProblemType }},
		{"target", func(m Metadata) string { return m.Run.Target }},
		{"classes", func(m Metadata) string { return strings.Join(m.Run.Classes, ", ") }},
		{"data", func(m Metadata) string { return m.Run.Data }},
		{"data_fingerprint", func(m Metadata) string { return m.Run.DataFingerprint }},
		{"rows", func(m Metadata) string { return strconv.FormatInt(m.Run.Rows, 10) }},
		{"columns", func(m Metadata) string { return strconv.FormatInt(m.Run.Columns, 10) }},
		{"config_hash", func(m Metadata) string { return m.Run.ConfigHash }},
	} {
		if before, after := f.of(a), f.of(b); before != after {
			list = append(list, Change{Name: f.name, A: before, B: after})
		}
	}
	return list
}

func compareMetrics(a, b map[string]float64) []MetricChange {
	list := make([]MetricChange, 0, len(a))
	for _, name := range union(a, b) {
		change := MetricChange{Name: name}
		if v, ok := a[name]; ok {
			change.A = &v
		}
		if v, ok := b[name]; ok {
			change.B = &v
		}
		list = append(list, change)
	}
	return list
}

// parameters are a deployment's configuration; one that this program cannot read,
// as another version may have written, is a single text.
func parameters(b *Bundle) map[string]string {
	c, err := config.Parse(b.Inference.MetadataFile, []byte(b.Metadata.Config))
	if err != nil {
		return map[string]string{"(the whole configuration)": b.Metadata.Config}
	}
	return c.Flatten()
}

func changes(a, b map[string]string) []Change {
	var list []Change
	for _, name := range union(a, b) {
		if a[name] != b[name] {
			list = append(list, Change{Name: name, A: a[name], B: b[name]})
		}
	}
	return list
}

// union returns the keys of both, sorted.
func union[V any](a, b map[string]V) []string {
	both := maps.Clone(a)
	if both == nil {
		both = make(map[string]V)
	}
	maps.Copy(both, b)
	return slices.Sorted(maps.Keys(both))
}

// without returns what only the first list has, in its order.
func without(list, others []string) []string {
	var only []string
	for _, name := range list {
		if !slices.Contains(others, name) {
			only = append(only, name)
		}
	}
	return only
}
