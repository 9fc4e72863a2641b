package gbdt

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// xgboostJSON reads JSON as XGBoost writes it: with NaN, Infinity and -Infinity.
func xgboostJSON(data []byte) (any, error) {
	in := &xgboostInput{data: data, tree: -1}
	v, err := in.jsonValue()
	if err != nil {
		return nil, err
	}
	if in.space(); in.at < len(in.data) {
		return nil, in.fail("something follows the model")
	}
	return v, nil
}

// space skips white space and gives the byte after it, or 0 at the end.
func (in *xgboostInput) space() byte {
	for in.at < len(in.data) {
		switch c := in.data[in.at]; c {
		case ' ', '\t', '\r', '\n':
			in.at++
		default:
			return c
		}
	}
	return 0
}

// jsonWords are the values that JSON spells out.
var jsonWords = []struct {
	text  string
	value any
}{{"true", 1.0}, {"false", 0.0}, {"null", nil}}

func (in *xgboostInput) jsonValue() (any, error) {
	switch in.space() {
	case '{':
		return in.jsonObject()
	case '[':
		return in.jsonList()
	case '"':
		if err := in.open(false); err != nil {
			return nil, err
		}
		return in.jsonString()
	}
	for _, word := range jsonWords {
		if bytes.HasPrefix(in.data[in.at:], []byte(word.text)) {
			if word.value == nil {
				if err := in.open(false); err != nil {
					return nil, err
				}
			}
			in.at += len(word.text)
			return word.value, nil
		}
	}
	return in.jsonNumber()
}

// jsonNumber reads a number as the type that XGBoost holds it in: a whole one
// exactly, any other as float32.
func (in *xgboostInput) jsonNumber() (any, error) {
	end := in.at
	for end < len(in.data) && bytes.IndexByte([]byte(" \t\r\n,]}:[{\""), in.data[end]) < 0 {
		end++
	}
	if end == len(in.data) {
		in.at = end
		return nil, in.truncated()
	}
	text := string(in.data[in.at:end])
	if whole, err := strconv.ParseInt(text, 10, 54); err == nil {
		in.at = end
		return float64(whole), nil
	}
	v, err := strconv.ParseFloat(text, 32)
	// Out of range is an infinity, as in XGBoost.
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, in.fail("%.40q is no value", text)
	}
	in.at = end
	return v, nil
}

func (in *xgboostInput) jsonString() (string, error) {
	for end := in.at + 1; end < len(in.data); end++ {
		switch in.data[end] {
		case '\\':
			end++
		case '"':
			var text string
			if err := json.Unmarshal(in.data[in.at:end+1], &text); err != nil {
				return "", in.fail("a string cannot be read: %v", err)
			}
			in.at = end + 1
			return text, nil
		}
	}
	return "", in.truncated()
}

func (in *xgboostInput) jsonList() (any, error) {
	if err := in.open(true); err != nil {
		return nil, err
	}
	in.at++
	var l xgboostList
	for in.space() != ']' || l.len() > 0 {
		if err := in.element(&l, in.jsonValue); err != nil {
			return nil, err
		}
		end, err := in.jsonNext(']')
		if err != nil {
			return nil, err
		}
		if end {
			in.depth--
			return l.value(), nil
		}
	}
	in.at++
	in.depth--
	return l.value(), nil
}

// jsonNext reads the comma, or the end, that must follow an element.
func (in *xgboostInput) jsonNext(closing byte) (end bool, err error) {
	c := in.space()
	if c != ',' && c != closing {
		if in.at >= len(in.data) {
			return false, in.truncated()
		}
		return false, in.fail("%q stands where a comma or %q is expected", c, closing)
	}
	in.at++
	return c == closing, nil
}

func (in *xgboostInput) jsonObject() (any, error) {
	if err := in.open(true); err != nil {
		return nil, err
	}
	in.at++
	object := map[string]any{}
	for in.space() != '}' || len(object) > 0 {
		if c := in.space(); c != '"' {
			if in.at >= len(in.data) {
				return nil, in.truncated()
			}
			return nil, in.fail("%q stands where a key is expected", c)
		}
		key, err := in.jsonString()
		if err != nil {
			return nil, err
		}
		if c := in.space(); c != ':' {
			return nil, in.fail("no colon follows the key %.40q", key)
		}
		in.at++
		if err := in.field(object, key, in.jsonValue); err != nil {
			return nil, err
		}
		end, err := in.jsonNext('}')
		if err != nil {
			return nil, err
		}
		if end {
			in.depth--
			return object, nil
		}
	}
	in.at++
	in.depth--
	return object, nil
}
