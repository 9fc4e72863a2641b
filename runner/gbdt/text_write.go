package gbdt

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// textVersion is the model text's version: v3, which LightGBM 2.3 to 4 and
// leaves read, unless there is something newer in the model.
func (m *Model) textVersion() string {
	if m.hasLinear() {
		return "v4"
	}
	return "v3"
}

// WriteText writes the model as LightGBM's model text.
func (m *Model) WriteText(w io.Writer) error { return m.writeText(w, false) }

// writeText is WriteText; full keeps all digits of what a prediction does not
// need, too.
func (m *Model) writeText(w io.Writer, full bool) error {
	if m.hasFloat32Sets() {
		return fmt.Errorf("gbdt: write model text: %w", errXGBoostSets)
	}
	blocks := make([]string, len(m.trees))
	sizes := make([]string, len(m.trees))
	for i, t := range m.trees {
		blocks[i] = t.text(i, full)
		sizes[i] = strconv.Itoa(len(blocks[i]))
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "tree\nversion=%s\nnum_class=%d\nnum_tree_per_iteration=%d\nlabel_index=0\nmax_feature_idx=%d\n",
		m.textVersion(), m.numClass, m.outputs, len(m.featureNames)-1)
	if m.objective != "" {
		fmt.Fprintf(out, "objective=%s\n", m.objective)
	}
	if m.average {
		fmt.Fprintln(out, "average_output")
	}
	fmt.Fprintf(out, "feature_names=%s\n", strings.Join(textNames(m.featureNames), " "))
	fmt.Fprintf(out, "feature_infos=%s\n", strings.Join(m.featureInfos, " "))
	fmt.Fprintf(out, "tree_sizes=%s\n\n", strings.Join(sizes, " "))
	for _, block := range blocks {
		out.WriteString(block)
	}
	out.WriteString("end of trees\n\nfeature_importances:\n")
	m.writeImportances(out)
	out.WriteString("\nparameters:\n")
	for _, line := range m.parameters {
		fmt.Fprintln(out, line)
	}
	out.WriteString("\nend of parameters\n\npandas_categorical:null\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("gbdt: write model text: %w", err)
	}
	return nil
}

func (m *Model) writeImportances(out io.Writer) {
	counts := m.FeatureImportance("split")
	names := textNames(m.featureNames)
	order := make([]int, 0, len(counts))
	for i, c := range counts {
		if c > 0 {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return counts[order[a]] > counts[order[b]] })
	for _, i := range order {
		fmt.Fprintf(out, "%s=%d\n", names[i], int(counts[i]))
	}
}

// textNames are the feature names as the text can hold them: names are divided
// by spaces there, so white space becomes an underscore, as LightGBM's Python
// package does. Names that then clash get their position appended.
func textNames(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }), "_")
		if out[i] == "" || slices.Contains(out[:i], out[i]) {
			out[i] = fmt.Sprintf("%s_%d", out[i], i)
		}
	}
	return out
}

// text is the block of one tree.
func (t *tree) text(index int, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", index, t.numLeaves(), max(0, len(t.catBoundaries)-1))
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', 17, 64) }
	short := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	if full {
		short = exact
	}
	line(&b, "split_feature", t.feature, func(v int32) string { return strconv.Itoa(int(v)) })
	line(&b, "split_gain", t.gain, func(v float32) string { return short(float64(v)) })
	line(&b, "threshold", t.threshold, exact)
	line(&b, "decision_type", t.decision, func(v uint8) string { return strconv.Itoa(int(v)) })
	line(&b, "left_child", t.left, func(v int32) string { return strconv.Itoa(int(v)) })
	line(&b, "right_child", t.right, func(v int32) string { return strconv.Itoa(int(v)) })
	line(&b, "leaf_value", t.leafValue, exact)
	line(&b, "leaf_weight", t.leafWeight, exact)
	line(&b, "leaf_count", t.leafCount, strconv.Itoa)
	line(&b, "internal_value", t.nodeValue, short)
	line(&b, "internal_weight", t.nodeWeight, short)
	line(&b, "internal_count", t.nodeCount, strconv.Itoa)
	if len(t.catBoundaries) > 1 {
		line(&b, "cat_boundaries", t.catBoundaries, func(v int32) string { return strconv.Itoa(int(v)) })
		line(&b, "cat_threshold", t.catThreshold, func(v uint32) string { return strconv.FormatUint(uint64(v), 10) })
	}
	t.linearText(&b)
	fmt.Fprintf(&b, "shrinkage=%s\n\n\n", short(t.shrinkage))
	return b.String()
}

func line[T any](b *strings.Builder, key string, values []T, format func(T) string) {
	b.WriteString(key)
	b.WriteByte('=')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(format(v))
	}
	b.WriteByte('\n')
}

// info is the column's entry in the feature_infos line.
func (m *binMapper) info() string {
	switch {
	case m.trivial:
		return "none"
	case m.categorical:
		codes := make([]string, len(m.categories))
		for i, code := range m.categories {
			codes[i] = strconv.Itoa(int(code))
		}
		return strings.Join(codes, ":")
	}
	return fmt.Sprintf("[%s:%s]", strconv.FormatFloat(m.low, 'g', 17, 64), strconv.FormatFloat(m.high, 'g', 17, 64))
}

// lines are the parameters as the model text lists them; own tells to list those
// that LightGBM does not have, too. The number of threads does not shape the
// model: two models that differ in it alone have the same text.
func (p *Params) lines(own bool) []string {
	var lines []string
	for i := range paramTable {
		s := &paramTable[i]
		if s.field == nil || s.name == "num_threads" || s.own && !own {
			continue // LightGBM would warn of a name that it does not know
		}
		var value string
		switch field := s.field(p).(type) {
		case *bool:
			value = strconv.Itoa(int(oneIf(*field)))
		case *int:
			value = strconv.Itoa(*field)
		case *float64:
			value = strconv.FormatFloat(*field, 'g', -1, 64)
		case *string:
			value = *field
		case *[]string:
			value = strings.Join(*field, ",")
		case *[]int:
			value = joinNumbers(*field, strconv.Itoa)
		case *[][]int:
			value = joinNumbers(*field, func(group []int) string { return "[" + joinNumbers(group, strconv.Itoa) + "]" })
		case *[]float64:
			value = joinNumbers(*field, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) })
		}
		lines = append(lines, fmt.Sprintf("[%s: %s]", s.name, value))
	}
	return lines
}
