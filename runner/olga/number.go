package olga

import (
	"math"
	"strconv"
)

// powers are the powers of ten that float64 holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseNumber reads a number as Fortran writes it: the exponent has any width, is
// marked by E, e, D, d, or, where it has three digits, by its sign alone. Stars, which
// stand for what did not fit, and NaN are NaN. The result is correctly rounded.
func parseNumber(b []byte) (value float64, ok bool) {
	i, negative := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	// Of more than 19 digits the mantissa overflows, and is not used.
	var mantissa uint64
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		mantissa = mantissa*10 + uint64(b[i]-'0')
	}
	digits, scale := i-start, 0
	if i < len(b) && b[i] == '.' {
		i++
		start = i
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			mantissa = mantissa*10 + uint64(b[i]-'0')
		}
		digits, scale = digits+i-start, start-i
	}
	if digits == 0 {
		return wordNumber(b)
	}
	if i < len(b) {
		exponent, fits := parseExponent(b[i:])
		if !fits {
			return 0, false
		}
		scale += exponent
	}
	switch {
	case digits > 19 || mantissa >= 1<<53 || scale < -22 || scale > 22:
		return slowNumber(b)
	case scale < 0: // both are exact, so that one operation rounds correctly
		value = float64(mantissa) / powers[-scale]
	default:
		value = float64(mantissa) * powers[scale]
	}
	if negative {
		value = -value
	}
	return value, true
}

// parseExponent reads what follows the mantissa.
func parseExponent(b []byte) (exponent int, ok bool) {
	switch b[0] {
	case 'e', 'E', 'd', 'D':
		b = b[1:]
	case '+', '-':
	default:
		return 0, false
	}
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if exponent < 10_000 { // as good as infinite
			exponent = exponent*10 + int(c-'0')
		}
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
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
