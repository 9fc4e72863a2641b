package gbdt

import (
	"encoding/binary"
	"math"
)

// xgboostUBJSON reads UBJSON (ubjson.org, draft 12): a marker before each value,
// numbers with the highest byte first, and lists of numbers with one marker and
// a count for all of them.
func xgboostUBJSON(data []byte) (any, error) {
	in := &xgboostInput{data: data, tree: -1}
	v, err := in.ubjsonValue()
	if err != nil {
		return nil, err
	}
	if in.at < len(in.data) {
		return nil, in.fail("something follows the model")
	}
	return v, nil
}

// marker is the next byte that is no filler.
func (in *xgboostInput) marker() (byte, error) {
	for in.at < len(in.data) {
		in.at++
		if c := in.data[in.at-1]; c != 'N' {
			return c, nil
		}
	}
	return 0, in.truncated()
}

// follows takes a byte if it is the next one.
func (in *xgboostInput) follows(c byte) bool {
	if in.at < len(in.data) && in.data[in.at] == c {
		in.at++
		return true
	}
	return false
}

// ubjsonSize is how many bytes a number takes, 0 for what is no number.
func ubjsonSize(marker byte) int {
	switch marker {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

// ubjsonNumber is the number whose bytes these are. float64 has room for all
// whole numbers that a model can use.
func ubjsonNumber(marker byte, b []byte) float64 {
	switch marker {
	case 'i':
		return float64(int8(b[0]))
	case 'U':
		return float64(b[0])
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b)))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

func (in *xgboostInput) ubjsonValue() (any, error) {
	marker, err := in.marker()
	if err != nil {
		return nil, err
	}
	return in.ubjsonValueOf(marker)
}

func (in *xgboostInput) ubjsonValueOf(marker byte) (any, error) {
	if size := ubjsonSize(marker); size > 0 {
		if len(in.data)-in.at < size {
			return nil, in.truncated()
		}
		in.at += size
		return ubjsonNumber(marker, in.data[in.at-size:in.at]), nil
	}
	switch marker {
	case 'T':
		return 1.0, nil
	case 'F':
		return 0.0, nil
	case '[':
		return in.ubjsonList()
	case '{':
		return in.ubjsonObject()
	case 'Z', 'S':
		if err := in.open(false); err != nil {
			return nil, err
		}
		if marker == 'Z' {
			return nil, nil
		}
		return in.ubjsonText()
	}
	return nil, in.fail("the byte %#x is no marker that a model uses", marker)
}

// ubjsonCount reads a whole number. What it counts takes at least a byte each,
// so that it cannot be more than the bytes that are left.
func (in *xgboostInput) ubjsonCount(size int) (int, error) {
	marker, err := in.marker()
	if err != nil {
		return 0, err
	}
	if marker == 'd' || marker == 'D' || ubjsonSize(marker) == 0 {
		return 0, in.fail("the byte %#x stands where a count is expected", marker)
	}
	v, err := in.ubjsonValueOf(marker)
	if err != nil {
		return 0, err
	}
	count := v.(float64)
	if left := (len(in.data) - in.at) / size; count < 0 || count > float64(left) {
		return 0, in.fail("the count %v is not from 0 to %d, what is left of the file", count, left)
	}
	return int(count), nil
}

// ubjsonText is a count and as many bytes: a key, or a string after its marker.
func (in *xgboostInput) ubjsonText() (string, error) {
	n, err := in.ubjsonCount(1)
	if err != nil {
		return "", err
	}
	in.at += n
	return string(in.data[in.at-n : in.at]), nil
}

func (in *xgboostInput) ubjsonList() (any, error) {
	if err := in.open(true); err != nil {
		return nil, err
	}
	defer func() { in.depth-- }()
	if in.follows('$') {
		return in.ubjsonNumbers()
	}
	var l xgboostList
	if in.follows('#') {
		n, err := in.ubjsonCount(1)
		if err != nil {
			return nil, err
		}
		for range n {
			if err := in.element(&l, in.ubjsonValue); err != nil {
				return nil, err
			}
		}
		return l.value(), nil
	}
	for {
		marker, err := in.marker()
		if err != nil {
			return nil, err
		}
		if marker == ']' {
			return l.value(), nil
		}
		if err := in.element(&l, func() (any, error) { return in.ubjsonValueOf(marker) }); err != nil {
			return nil, err
		}
	}
}

// ubjsonNumbers reads a list whose numbers have one marker together.
func (in *xgboostInput) ubjsonNumbers() (any, error) {
	marker, err := in.marker()
	if err != nil {
		return nil, err
	}
	size := ubjsonSize(marker)
	if size == 0 {
		return nil, in.fail("a list of one type has the type %#x, which is no number", marker)
	}
	if !in.follows('#') {
		return nil, in.fail("a list of one type has no count")
	}
	n, err := in.ubjsonCount(size)
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, n)
	for i := range numbers {
		numbers[i] = ubjsonNumber(marker, in.data[in.at+i*size:])
	}
	in.at += n * size
	return numbers, nil
}

func (in *xgboostInput) ubjsonObject() (any, error) {
	if err := in.open(true); err != nil {
		return nil, err
	}
	defer func() { in.depth-- }()
	object := map[string]any{}
	for {
		marker, err := in.marker()
		if err != nil {
			return nil, err
		}
		if marker == '}' {
			return object, nil
		}
		in.at-- // the marker of the key's length
		key, err := in.ubjsonText()
		if err != nil {
			return nil, err
		}
		if err := in.field(object, key, in.ubjsonValue); err != nil {
			return nil, err
		}
	}
}
