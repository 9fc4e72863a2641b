package training

import (
	"encoding/json"
	"fmt"
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
