package storage

import (
	"context"
	"fmt"
	"io"
)

// MaxText bounds the text that [Opener.ReadText] reads, in bytes.
const MaxText = 64 << 20

// TooLargeError says that a file is larger than what is read of one at once.
type TooLargeError struct {
	Location string
	Limit    int64 // bytes
}

// Error names the file and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s has more than %d bytes, which is as much as is read of a text", e.Location, e.Limit)
}

// ReadText returns what a file holds, which is at most [MaxText]: more gives a
// [*TooLargeError]. Other errors are those of [Opener.Open].
func (o *Opener) ReadText(ctx context.Context, location string) (string, error) {
	r, err := o.Open(ctx, location)
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, MaxText+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", location, err)
	case len(text) > MaxText:
		return "", &TooLargeError{Location: location, Limit: MaxText}
	}
	return string(text), nil
}

// WriteText makes a file of a text, whole or not at all.
func (o *Opener) WriteText(ctx context.Context, location, text string) error {
	return o.WriteAtomic(ctx, location, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
