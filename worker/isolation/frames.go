package isolation

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
)

const (
	// maxFrame bounds one message between a worker and an attempt's process.
	maxFrame = 16 << 20
	// writeLimit is how long a frame may take to be written: the other side always
	// reads, unless it is stopped or gone.
	writeLimit = 10 * time.Second
)

// frameReader reads length-prefixed messages.
type frameReader struct{ r *bufio.Reader }

func newFrameReader(r io.Reader) frameReader { return frameReader{bufio.NewReaderSize(r, 64<<10)} }

// read fills m with the next message. It returns io.EOF at the end between two
// messages, and another error where the bytes are no message.
func (f frameReader) read(m proto.Message) error {
	err := protodelim.UnmarshalOptions{MaxSize: maxFrame}.UnmarshalFrom(f.r, m)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("malformed frame: %w", err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("a frame was cut off: %w", err)
	}
	return err
}

// frameWriter writes length-prefixed messages; it is safe for concurrent use.
type frameWriter struct {
	mu sync.Mutex
	f  *os.File
}

// write writes one message. After an error the stream is of no more use.
func (f *frameWriter) write(m proto.Message) error {
	if size := proto.Size(m); size > maxFrame {
		return fmt.Errorf("a frame of %d bytes is beyond the limit of %d", size, maxFrame)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// Where the file cannot have a deadline the write is merely unbounded.
	_ = f.f.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := protodelim.MarshalTo(f.f, m); err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	return nil
}
