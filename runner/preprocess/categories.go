package preprocess

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"mlops/runner/table"
)

// columnCategories are a column's categories: category i has label code i.
type columnCategories struct {
	Name    string   `json:"name"`
	Texts   []string `json:"texts,omitempty"`   // of a text column
	Numbers []number `json:"numbers,omitempty"` // of a numeric column
	Numeric bool     `json:"numeric,omitempty"`
}

// learnCategories finds a column's categories in sorted order.
func learnCategories(c *table.Column) (columnCategories, error) {
	out := columnCategories{Name: c.Name()}
	if c.Kind() != table.String {
		values := appendPresent(nil, c.Floats())
		slices.Sort(values)
		out.Numeric = true
		for _, v := range slices.Compact(values) {
			out.Numbers = append(out.Numbers, number(plusZero(v)))
		}
		return out, nil
	}
	out.Texts = usedTexts(c)
	return out, checkUTF8(c.Name(), out.Texts)
}

// checkUTF8 refuses texts that JSON cannot hold.
func checkUTF8(name string, texts []string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return &ColumnError{Column: name, Reason: fmt.Sprintf("the category %q is not UTF-8 text", shorten(text))}
		}
	}
	return nil
}

// What [columnCategories.find] gives for cells that hold no known category.
const (
	absent = -1 // a missing cell
	unseen = -2
)

// find tells each cell's category. Categories that are in sorted order are
// searched so.
func (k columnCategories) find(step string, c *table.Column, sorted bool) ([]int, error) {
	if k.Numeric != (c.Kind() == table.Float64) {
		return nil, &StateError{Part: step, Reason: fmt.Sprintf("the categories of column %q are of another type than the column", c.Name())}
	}
	out := make([]int, c.Len())
	if k.Numeric {
		find := finderOf(k.Numbers, sorted)
		for i, v := range c.Floats() {
			if out[i] = absent; !math.IsNaN(v) {
				out[i] = find(number(v))
			}
		}
		return out, nil
	}
	find := finderOf(k.Texts, sorted)
	byCode := make([]int, len(c.Dict()))
	for code, text := range c.Dict() {
		byCode[code] = find(text)
	}
	for i, code := range c.Codes() {
		if out[i] = absent; !c.IsNull(i) {
			out[i] = byCode[code]
		}
	}
	return out, nil
}

// finderOf tells the place of a value among others, or [unseen].
func finderOf[T string | number](values []T, sorted bool) func(T) int {
	if sorted {
		return func(v T) int {
			if at, ok := slices.BinarySearch(values, v); ok {
				return at
			}
			return unseen
		}
	}
	index := make(map[T]int, len(values))
	for i, v := range values {
		index[v] = i
	}
	return func(v T) int {
		if at, ok := index[v]; ok {
			return at
		}
		return unseen
	}
}

// refuse makes the error about the first cell without a known category; nil
// where there is none.
func (k columnCategories) refuse(c *table.Column, found []int) error {
	for i, at := range found {
		if at == unseen {
			return &UnknownCategoryError{Column: c.Name(), Value: c.Text(i), Row: i + 1, Known: k.labels()}
		}
	}
	return nil
}

func (k columnCategories) size() int { return max(len(k.Texts), len(k.Numbers)) }

// labels are the categories as texts.
func (k columnCategories) labels() []string {
	if !k.Numeric {
		return k.Texts
	}
	texts := make([]string, len(k.Numbers))
	for i, v := range k.Numbers {
		texts[i] = strconv.FormatFloat(float64(v), 'g', -1, 64)
	}
	return texts
}

// check what was loaded; sorted demands sorted order.
func (k columnCategories) check(sorted bool) error {
	if k.Numeric && k.Texts != nil || !k.Numeric && k.Numbers != nil {
		return fmt.Errorf("column %q has categories of both types", shorten(k.Name))
	}
	texts, numbers := k.Texts, k.Numbers
	if !sorted {
		texts, numbers = slices.Sorted(slices.Values(texts)), slices.Sorted(slices.Values(numbers))
	}
	switch ok := ascending(texts) && ascending(numbers); {
	case !ok && sorted:
		return fmt.Errorf("the categories of column %q are not in sorted order", shorten(k.Name))
	case !ok:
		return fmt.Errorf("a category of column %q is given twice", shorten(k.Name))
	}
	return nil
}

// ascending reports whether values are sorted without repetition.
func ascending[T string | number](values []T) bool {
	for i := 1; i < len(values); i++ {
		if values[i-1] >= values[i] {
			return false
		}
	}
	return true
}

// counts of each category among found cells.
func (k columnCategories) counts(found []int) []int {
	counts := make([]int, k.size())
	for _, at := range found {
		if at >= 0 {
			counts[at]++
		}
	}
	return counts
}
