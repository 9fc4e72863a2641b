package olga

import "fmt"

// SyntaxError says where a file is not what it should be.
type SyntaxError struct {
	File   string
	Line   int // from 1
	Column int // of the character, from 1; 0: the line as a whole
	Reason string
}

// Error names the place.
func (e *SyntaxError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s: line %d, character %d: %s", e.File, e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("%s: line %d: %s", e.File, e.Line, e.Reason)
}
