package gbdt

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

func asFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int8:
		return float64(v), true
	case int16:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint:
		return float64(v), true
	case uint8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float32:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil
	}
	return 0, false
}

func asBool(value any) (bool, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		switch v {
		case "true", "1", "+":
			return true, true
		case "false", "0", "-":
			return false, true
		}
		return false, false
	}
	f, ok := asFloat(value)
	return f == 1, ok && (f == 0 || f == 1)
}

func asList(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		var list []string
		for _, name := range strings.Split(v, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = append(list, name)
			}
		}
		return list, true
	case []string:
		return slices.Clone(v), true
	case []any:
		list := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			list[i] = text
		}
		return list, true
	}
	return nil, false
}

func asNumbers(value any) ([]float64, bool) {
	switch v := value.(type) {
	case []float64:
		return slices.Clone(v), true
	case []int:
		list := make([]float64, len(v))
		for i, item := range v {
			list[i] = float64(item)
		}
		return list, true
	case []any:
		list := make([]float64, len(v))
		for i, item := range v {
			number, ok := asFloat(item)
			if !ok {
				return nil, false
			}
			list[i] = number
		}
		return list, true
	case string:
		texts, _ := asList(v)
		list := make([]float64, len(texts))
		for i, text := range texts {
			number, ok := asFloat(text)
			if !ok {
				return nil, false
			}
			list[i] = number
		}
		return list, true
	}
	number, ok := asFloat(value)
	return []float64{number}, ok
}

// asGroups takes lists of whole numbers, or the text "[0,1],[2,3]".
func asGroups(value any) ([][]int, bool) {
	var items []any
	switch v := value.(type) {
	case [][]int:
		for _, group := range v {
			items = append(items, group)
		}
	case []any:
		items = v
	case string:
		if strings.TrimSpace(v) == "" {
			return nil, true
		}
		if err := json.Unmarshal([]byte("["+v+"]"), &items); err != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	var groups [][]int
	for _, item := range items {
		list, ok := asNumbers(item)
		if !ok {
			return nil, false
		}
		var group []int
		for _, f := range list {
			if f != math.Trunc(f) || f < 0 || f > math.MaxInt32 {
				return nil, false
			}
			group = append(group, int(f))
		}
		groups = append(groups, group)
	}
	return groups, true
}
