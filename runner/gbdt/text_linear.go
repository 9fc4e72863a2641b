package gbdt

import (
	"fmt"
	"strconv"
	"strings"
)

// linearText writes a tree's linear leaves. The lists of a leaf end with a
// space, as in LightGBM.
func (t *tree) linearText(b *strings.Builder) {
	if t.linear == nil {
		b.WriteString("is_linear=0\n")
		return
	}
	b.WriteString("is_linear=1\n")
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', 17, 64) }
	line(b, "leaf_const", t.linear, func(m leafModel) string { return exact(m.constant) })
	line(b, "num_features", t.linear, func(m leafModel) string { return strconv.Itoa(len(m.features)) })
	line(b, "leaf_features", t.linear, func(m leafModel) string {
		return spaced(m.features, func(f int32) string { return strconv.Itoa(int(f)) })
	})
	line(b, "leaf_coeff", t.linear, func(m leafModel) string { return spaced(m.coefficients, exact) })
}

func spaced[T any](values []T, format func(T) string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(format(v))
		b.WriteByte(' ')
	}
	return b.String()
}

// readLinear reads the linear leaves of a tree with that many features.
func (t *tree) readLinear(b *textBlock, features int) error {
	switch linear := strings.TrimSpace(b.values["is_linear"]); linear {
	case "", "0":
		return nil
	case "1":
	default:
		return b.fail("is_linear", fmt.Sprintf("%.40q is neither 0 nor 1", linear))
	}
	leaves := t.numLeaves()
	constants, err := list(b, "leaf_const", leaves, parseFloat)
	if err != nil {
		return err
	}
	counts, err := list(b, "num_features", leaves, parseCount)
	if err != nil {
		return err
	}
	total := 0
	for leaf, count := range counts {
		if count > features {
			return b.fail("num_features", fmt.Sprintf("leaf %d has %d features of %d", leaf, count, features))
		}
		total += count
	}
	used, err := list(b, "leaf_features", total, parseInt32)
	if err != nil {
		return err
	}
	coefficients, err := list(b, "leaf_coeff", total, parseFloat)
	if err != nil {
		return err
	}
	t.linear = make([]leafModel, leaves)
	for leaf, count := range counts {
		t.linear[leaf] = leafModel{constants[leaf], used[:count:count], coefficients[:count:count]}
		used, coefficients = used[count:], coefficients[count:]
	}
	return t.checkLinear(b, features)
}

func (t *tree) checkLinear(b *textBlock, features int) error {
	for leaf := range t.linear {
		for _, feature := range t.linear[leaf].features {
			if feature < 0 || int(feature) >= features {
				return b.fail("leaf_features", fmt.Sprintf("leaf %d uses feature %d of %d", leaf, feature, features))
			}
		}
	}
	if !t.hasFiniteValues() {
		return b.fail("leaf_coeff", "holds a value that is not finite")
	}
	return nil
}
