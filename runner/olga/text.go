package olga

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Text is a line of one of OLGA's files as text: UTF-8 where it is, and else
// Windows-1252. The five bytes that have no character there are control characters, as
// browsers take them, so that every line is a text.
func Text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	runes := make([]rune, len(line))
	for i, b := range line {
		if runes[i] = charmap.Windows1252.DecodeByte(b); runes[i] == utf8.RuneError {
			runes[i] = rune(b)
		}
	}
	return string(runes)
}
