package table

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

// This file turns the text of one cell into a value. Every reader that meets
// text goes through it, so that the same text means the same value in each
// format.

// powersOfTen are exact in float64 up to 10^22.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseFloat parses a decimal number with an optional exponent, or an infinity,
// to the float64 nearest to it, as strconv.ParseFloat does. Magnitudes beyond
// float64 become infinite. Hexadecimal numbers, underscores and NaN are refused.
func parseFloat(b []byte) (float64, bool) {
	// Fast path (Clinger 1990): a mantissa below 2^53 and a power of ten up to
	// 22 are both exact, so one division rounds correctly.
	i := 0
	var sign uint64
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '-' {
			sign = 1 << 63
		}
		i = 1
	}
	first := i
	var mantissa uint64
	for i < len(b) {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		mantissa = mantissa*10 + uint64(d)
		i++
	}
	digits := i - first
	fraction := 0
	if i < len(b) && b[i] == '.' {
		i++
		start := i
		for i < len(b) {
			d := b[i] - '0'
			if d > 9 {
				break
			}
			mantissa = mantissa*10 + uint64(d)
			i++
		}
		fraction = i - start
		digits += fraction
	}
	// Nineteen digits cannot overflow the mantissa.
	if i != len(b) || digits == 0 || digits > 19 || mantissa > 1<<53 || fraction > 22 {
		return parseFloatSlow(b)
	}
	f := float64(mantissa) / powersOfTen[fraction]
	return math.Float64frombits(math.Float64bits(f) | sign), true
}

// parseFloatAt is parseFloat of data[start:end], faster for cells of up to
// sixteen bytes besides a sign: these are worked on at once, as one word or two.
func parseFloatAt(data []byte, start, end int) (float64, bool) {
	if start == end || end < 8 {
		return parseFloat(data[start:end])
	}
	// Half of all numbers are negative in no order: no jump may depend on it.
	var minus uint64
	if data[start] == '-' {
		minus = 1
	}
	sign := minus << 63
	n := end - start - int(minus)
	if n > 8 && n <= 16 && end >= 16 {
		return parseLongFloat(data, start, end, n, sign)
	}
	if uint(n-1) > 7 {
		return parseFloat(data[start:end])
	}
	const zeros = '0' * eachLow
	// The cell's bytes are the word's highest; what stood before the cell makes
	// room for zeros.
	before := uint64(1)<<(64-8*n) - 1
	word := binary.LittleEndian.Uint64(data[end-8:])&^before | zeros&before
	fraction := 0
	if point := matches(word, '.'*eachLow); point != 0 {
		// Close the gap that the point leaves: the digits before it move up.
		at := bits.TrailingZeros64(point) &^ 7
		fraction = 7 - at>>3
		if n == 1 {
			return parseFloat(data[start:end])
		}
		below := uint64(1)<<at - 1
		word = word&^(below<<8|0xff) | word&below<<8 | '0'
	}
	if !allDigits(word) {
		return parseFloat(data[start:end])
	}
	f := float64(eightDigits(word)) / powersOfTen[fraction]
	return math.Float64frombits(math.Float64bits(f) | sign), true
}

// parseLongFloat is parseFloatAt for nine to sixteen bytes: two words.
func parseLongFloat(data []byte, start, end, n int, sign uint64) (float64, bool) {
	const zeros = '0' * eachLow
	before := uint64(1)<<(64-8*(n-8)) - 1
	high := binary.LittleEndian.Uint64(data[end-16:])&^before | zeros&before
	low := binary.LittleEndian.Uint64(data[end-8:])
	fraction := 0
	if point := matches(high, '.'*eachLow); point != 0 {
		at := bits.TrailingZeros64(point) &^ 7
		fraction = 15 - at>>3
		below := uint64(1)<<at - 1
		high = high&^(below<<8|0xff) | high&below<<8 | '0'
	} else if point := matches(low, '.'*eachLow); point != 0 {
		at := bits.TrailingZeros64(point) &^ 7
		fraction = 7 - at>>3
		below := uint64(1)<<at - 1
		low = low&^(below<<8|0xff) | low&below<<8 | high>>56
		high = high<<8 | '0'
	}
	if !allDigits(high) || !allDigits(low) {
		return parseFloat(data[start:end])
	}
	mantissa := eightDigits(high)*100_000_000 + eightDigits(low)
	if mantissa > 1<<53 {
		return parseFloat(data[start:end])
	}
	f := float64(mantissa) / powersOfTen[fraction]
	return math.Float64frombits(math.Float64bits(f) | sign), true
}

func allDigits(word uint64) bool {
	const zeros, upper = '0' * eachLow, 0xf0 * eachLow
	return word&upper == zeros && (word+6*eachLow)&upper == zeros
}

// eightDigits turns eight digits, the first in the lowest byte, into a number in
// three multiplications (Lemire 2018).
func eightDigits(word uint64) uint64 {
	word = (word & (0x0f * eachLow)) * 2561 >> 8
	word = (word & 0x00ff00ff00ff00ff) * 6553601 >> 16
	return (word & 0x0000ffff0000ffff) * 42949672960001 >> 32
}

func parseFloatSlow(b []byte) (float64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return parseInfinity(b)
		}
	}
	f, err := strconv.ParseFloat(view(b), 64)
	if err != nil {
		if !errors.Is(err, strconv.ErrRange) {
			return 0, false
		}
	}
	return f, true
}

func parseInfinity(b []byte) (float64, bool) {
	sign := 1
	switch b[0] {
	case '-':
		sign, b = -1, b[1:]
	case '+':
		b = b[1:]
	}
	if equalFold(b, "inf") || equalFold(b, "infinity") {
		return math.Inf(sign), true
	}
	return 0, false
}

// parseInt parses a decimal integer that int64 holds. "-0" is refused: only a
// float keeps its sign.
func parseInt(b []byte) (int64, bool) {
	i := 0
	negative := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	digits := len(b) - i
	if digits == 0 {
		return 0, false
	}
	if digits > 18 {
		n, err := strconv.ParseInt(view(b), 10, 64)
		return n, err == nil && (n != 0 || !negative)
	}
	var n int64
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if negative {
		return -n, n != 0
	}
	return n, true
}

// parseWhole parses what a forced Int64 column takes: an integer, or a number
// without a fraction such as "3.0".
func parseWhole(b []byte) (int64, bool) {
	if n, ok := parseInt(b); ok {
		return n, true
	}
	f, ok := parseFloat(b)
	if !ok {
		return 0, false
	}
	return wholeFloat(f)
}

// wholeFloat converts a number without a fraction that int64 holds.
func wholeFloat(f float64) (int64, bool) {
	if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// parseBool parses true and false in lower, upper or title case.
func parseBool(b []byte) (value, ok bool) {
	switch string(b) {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// parseTruth parses what a forced Bool column takes: also 1 and 0.
func parseTruth(b []byte) (value, ok bool) {
	if len(b) == 1 && b[0]-'0' <= 1 {
		return b[0] == '1', true
	}
	return parseBool(b)
}

// trimBlank cuts spaces and tabs from both ends.
func trimBlank(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// equalFold compares with a lower-case ASCII word.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if c|0x20 != word[i] {
			return false
		}
	}
	return true
}

// view is b as a string without a copy; it must not outlive b's content.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
