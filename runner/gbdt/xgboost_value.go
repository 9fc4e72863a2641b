package gbdt

import (
	"fmt"
	"math"
)

// The limits on what a model file of XGBoost may hold. Its numbers take 8 bytes
// each and are never more than the file has bytes; everything else is counted.
const (
	maxXGBoostDepth  = 64      // of lists and objects in each other
	maxXGBoostValues = 1 << 21 // strings, lists and objects
)

// xgboostInput is a file of either encoding on its way to values:
//
//	float64         a number; true and false are 1 and 0
//	string
//	[]float64       a list of numbers, or an empty list
//	[]any           any other list
//	map[string]any  an object
//	nil             null
//
// Numbers with a fraction or an exponent are rounded to float32 once, which is
// what XGBoost holds them in.
type xgboostInput struct {
	data   []byte
	at     int
	depth  int
	values int
	tree   int    // that is being read, or -1
	key    string // that is being read
}

func (in *xgboostInput) fail(format string, args ...any) error {
	return &FormatError{Tree: in.tree, Key: in.key, Reason: fmt.Sprintf(format, args...) + fmt.Sprintf(" (byte %d)", in.at), format: xgboostFormat}
}

func (in *xgboostInput) truncated() error { return in.fail("the file ends here: it is truncated") }

// open counts a value that is no number; nested ones also a level.
func (in *xgboostInput) open(nested bool) error {
	if in.values++; in.values > maxXGBoostValues {
		return in.fail("the file has more than %d strings, lists and objects", maxXGBoostValues)
	}
	if nested {
		if in.depth++; in.depth > maxXGBoostDepth {
			return in.fail("lists and objects are nested more than %d deep", maxXGBoostDepth)
		}
	}
	return nil
}

// xgboostList collects a list's elements.
type xgboostList struct {
	numbers []float64
	items   []any
}

func (l *xgboostList) len() int { return len(l.numbers) + len(l.items) }

func (l *xgboostList) add(in *xgboostInput, v any) error {
	number, isNumber := v.(float64)
	if l.len() > 0 && isNumber != (l.items == nil) {
		return in.fail("element %d: numbers and other values are mixed in a list", l.len())
	}
	if isNumber {
		l.numbers = append(l.numbers, number)
	} else {
		l.items = append(l.items, v)
	}
	return nil
}

func (l *xgboostList) value() any {
	if l.items != nil {
		return l.items
	}
	return l.numbers
}

// element reads the next element of a list; those of the list of trees are
// counted for errors.
func (in *xgboostInput) element(l *xgboostList, read func() (any, error)) error {
	trees := in.key == "trees" && in.tree < 0
	if trees {
		in.tree = l.len()
	}
	v, err := read()
	if err != nil {
		return err
	}
	if trees {
		in.tree, in.key = -1, "trees"
	}
	return l.add(in, v)
}

// field reads the value of a key into an object.
func (in *xgboostInput) field(object map[string]any, key string, read func() (any, error)) error {
	outer := in.key
	in.key = key
	if _, twice := object[key]; twice {
		return in.fail("given twice")
	}
	v, err := read()
	if err != nil {
		return err
	}
	object[key] = v
	in.key = outer
	return nil
}

// xgboostObject is an object of the file with its place, for errors.
type xgboostObject struct {
	tree   int
	fields map[string]any
}

func (o xgboostObject) fail(key, format string, args ...any) error {
	return &FormatError{Tree: o.tree, Key: key, Reason: fmt.Sprintf(format, args...), format: xgboostFormat}
}

func (o xgboostObject) object(key string) (xgboostObject, error) {
	fields, ok := o.fields[key].(map[string]any)
	if !ok {
		return o, o.fail(key, "missing, or no object")
	}
	return xgboostObject{o.tree, fields}, nil
}

// text is a string; one that is absent is empty.
func (o xgboostObject) text(key string) (string, error) {
	v, ok := o.fields[key].(string)
	if !ok && o.fields[key] != nil {
		return "", o.fail(key, "is no string")
	}
	return v, nil
}

// count is a whole number, which XGBoost writes as a string.
func (o xgboostObject) count(key string, low, high int) (int, error) {
	if number, ok := o.fields[key].(float64); ok {
		return o.whole(key, number, low, high)
	}
	text, err := o.text(key)
	if err != nil {
		return 0, err
	}
	number, err := parseFloat(text)
	if err != nil {
		return 0, o.fail(key, "%.40q is not a whole number", text)
	}
	return o.whole(key, number, low, high)
}

func (o xgboostObject) whole(key string, v float64, low, high int) (int, error) {
	if !(v >= float64(low) && v <= float64(high)) || v != math.Trunc(v) {
		return 0, o.fail(key, "%.17g is not a whole number from %d to %d", v, low, high)
	}
	return int(v), nil
}

// numbers is a list of numbers.
func (o xgboostObject) numbers(key string) ([]float64, error) {
	v, ok := o.fields[key].([]float64)
	if !ok {
		return nil, o.fail(key, "missing, or no list of numbers")
	}
	return v, nil
}

// numbersOf is a list of n numbers; optional ones may be absent and are then zeros.
func (o xgboostObject) numbersOf(key string, n int, optional bool) ([]float64, error) {
	if optional && o.fields[key] == nil {
		return make([]float64, n), nil
	}
	v, err := o.numbers(key)
	if err == nil && len(v) != n {
		return nil, o.fail(key, "has %d values instead of %d", len(v), n)
	}
	return v, err
}

// list is a list of values that are no numbers, or an empty one.
func (o xgboostObject) list(key string) ([]any, error) {
	switch v := o.fields[key].(type) {
	case []any:
		return v, nil
	case []float64:
		if len(v) == 0 {
			return nil, nil
		}
	case nil:
		return nil, nil
	}
	return nil, o.fail(key, "is no list of strings or objects")
}
