package training

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"mlops/runner/table"
)

// Label is a class by its original value: a text, a whole number, a number, a
// truth value or a time. Labels are comparable.
type Label struct {
	kind   table.Kind
	text   string
	number float64
	whole  int64 // also 0 and 1 of a truth value, and a time's nanoseconds
}

// Kind is the kind of the target column that the label is from.
func (l Label) Kind() table.Kind { return l.kind }

// String writes the label as [table.Column.Text] writes the cell.
func (l Label) String() string {
	switch l.kind {
	case table.Float64:
		return strconv.FormatFloat(l.number, 'g', -1, 64)
	case table.Int64:
		return strconv.FormatInt(l.whole, 10)
	case table.Bool:
		return strconv.FormatBool(l.whole != 0)
	case table.Time:
		return time.Unix(0, l.whole).UTC().Format(time.RFC3339Nano)
	}
	return l.text
}

// Value returns the label as string, int64, float64 or bool; a time as its text.
func (l Label) Value() any {
	switch l.kind {
	case table.Float64:
		return l.number
	case table.Int64:
		return l.whole
	case table.Bool:
		return l.whole != 0
	}
	return l.String()
}

// MarshalJSON writes the label as a JSON string, number or truth value.
func (l Label) MarshalJSON() ([]byte, error) { return json.Marshal(l.Value()) }

// ParseLabel reads what [Label.MarshalJSON] wrote for a target of that kind.
func ParseLabel(kind table.Kind, data []byte) (Label, error) {
	l := Label{kind: kind}
	var err error
	switch kind {
	case table.Float64:
		err = json.Unmarshal(data, &l.number)
	case table.Int64:
		err = json.Unmarshal(data, &l.whole)
	case table.Bool:
		var truth bool
		if err = json.Unmarshal(data, &truth); truth {
			l.whole = 1
		}
	case table.Time:
		var at time.Time
		err = json.Unmarshal(data, &at)
		l.whole = at.UnixNano()
	case table.String:
		err = json.Unmarshal(data, &l.text)
	default:
		err = fmt.Errorf("%s is no type of column", kind)
	}
	if err != nil || string(data) == "null" {
		return Label{}, fmt.Errorf("class %s is no label of a %s target", data, kind)
	}
	return l, nil
}

// labelAt returns cell i, which is not null, as a label. Both zeros are one.
func labelAt(c *table.Column, i int) Label {
	l := Label{kind: c.Kind()}
	switch c.Kind() {
	case table.Float64:
		if v := c.Floats()[i]; v != 0 {
			l.number = v
		}
	case table.Int64, table.Time:
		l.whole = c.Ints()[i]
	case table.Bool:
		if c.Bools()[i] {
			l.whole = 1
		}
	default:
		l.text = c.Dict()[c.Codes()[i]]
	}
	return l
}

// distinctLabels returns the labels that occur, in order: numbers ascending,
// texts by code points, false before true.
func distinctLabels(c *table.Column) []Label {
	seen := map[Label]struct{}{}
	var last Label // runs of equal cells are common; skip the map for them
	for i := range c.Len() {
		if c.IsNull(i) {
			continue
		}
		l := labelAt(c, i)
		if l == last {
			continue
		}
		last = l
		seen[l] = struct{}{}
	}
	labels := make([]Label, 0, len(seen))
	for l := range seen {
		labels = append(labels, l)
	}
	slices.SortFunc(labels, compareLabels)
	return labels
}

func compareLabels(a, b Label) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.whole, b.whole), cmp.Compare(a.text, b.text))
}

func (l Label) finite() bool { return !math.IsInf(l.number, 0) && !math.IsNaN(l.number) }
