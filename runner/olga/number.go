package olga

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// powers are the powers of ten that float64 holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseNumber reads the number at the begin of b, which ends at a blank or with b, as
// Fortran writes it: the exponent has any width, is marked by E, e, D, d, or, where it
// has three digits, by its sign alone. Stars, which stand for what did not fit, and NaN
// are NaN. The result is correctly rounded. width is the number's, or of what is none.
func parseNumber(b []byte) (value float64, width int, ok bool) {
	i, negative := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	// Of more than 19 digits the mantissa overflows, and is not used.
	var mantissa uint64
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ { // as a rule, one
		mantissa = mantissa*10 + uint64(b[i]-'0')
	}
	digits, scale := i-start, 0
	if i < len(b) && b[i] == '.' {
		var n int
		mantissa, n = parseDigits(b[i+1:], mantissa)
		i += 1 + n
		digits, scale = digits+n, -n
	}
	if i < len(b) && !isBlank(b[i]) {
		exponent, n := parseExponent(b[i:])
		i += n
		scale += exponent
	}
	if i < len(b) && !isBlank(b[i]) || digits == 0 || digits > 19 || mantissa >= 1<<53 || scale < -22 || scale > 22 {
		for i < len(b) && !isBlank(b[i]) {
			i++
		}
		if digits == 0 {
			value, ok = wordNumber(b[:i])
		} else {
			value, ok = slowNumber(b[:i])
		}
		return value, i, ok
	}
	// Both are exact, so that one operation rounds correctly.
	if scale < 0 {
		value = float64(mantissa) / powers[-scale]
	} else {
		value = float64(mantissa) * powers[scale]
	}
	if negative {
		value = -value
	}
	return value, i, true
}

// parseDigits reads the digits at the begin of b behind those of a mantissa, eight at
// a time where b is long enough: bytes beneath '0' + 10 lose their high half by the
// first line, the first other one tells how many there are, and they are added up
// pairwise.
func parseDigits(b []byte, mantissa uint64) (_ uint64, digits int) {
	i := 0
	for len(b)-i >= 8 {
		d := binary.LittleEndian.Uint64(b[i:]) ^ 0x3030303030303030
		n := bits.TrailingZeros64((d+0x0606060606060606|d)&0xf0f0f0f0f0f0f0f0) >> 3
		d <<= 8 * (8 - n) // zeros before them; of none, nothing is left
		d = d*10 + d>>8
		d = (d&0x000000ff000000ff*0x000f424000000064 + d>>16&0x000000ff000000ff*0x0000271000000001) >> 32
		mantissa = mantissa*tens[n] + d
		if i += n; n < 8 {
			return mantissa, i
		}
	}
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		mantissa = mantissa*10 + uint64(b[i]-'0')
	}
	return mantissa, i
}

// tens are the powers of ten by which eight digits more, or fewer, move a mantissa.
var tens = [9]uint64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// parseExponent reads an exponent at the begin of b; of what is none the width is 0.
func parseExponent(b []byte) (exponent, width int) {
	i := 0
	switch b[0] {
	case 'e', 'E', 'd', 'D':
		i++
	case '+', '-':
	default:
		return 0, 0
	}
	negative := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if exponent < 10_000 { // as good as infinite
			exponent = exponent*10 + int(b[i]-'0')
		}
	}
	if i == start {
		return 0, 0
	}
	if negative {
		exponent = -exponent
	}
	return exponent, i
}

// slowNumber leaves the rounding to strconv, in its spelling of the exponent.
func slowNumber(b []byte) (float64, bool) {
	text := make([]byte, 0, len(b)+1)
	for i, c := range b {
		switch {
		case c == 'd' || c == 'D':
			c = 'e'
		case (c == '+' || c == '-') && i > 0 && (b[i-1] >= '0' && b[i-1] <= '9' || b[i-1] == '.'):
			text = append(text, 'e')
		case c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' && (c < '0' || c > '9'):
			return 0, false // strconv has further spellings
		}
		text = append(text, c)
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil && math.IsInf(value, 0) {
		err = nil // it is larger than any float64
	}
	return value, err == nil
}

// wordNumber reads what is no digits.
func wordNumber(b []byte) (float64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	stars := 0
	for _, c := range b {
		if c == '*' {
			stars++
		}
	}
	if stars == len(b) {
		return math.NaN(), true
	}
	switch string(b) {
	case "NaN", "nan", "NAN", "-NaN", "-nan", "+NaN":
		return math.NaN(), true
	case "Infinity", "+Infinity", "Inf", "+Inf", "inf":
		return math.Inf(1), true
	case "-Infinity", "-Inf", "-inf":
		return math.Inf(-1), true
	}
	return 0, false
}
