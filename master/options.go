package master

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mlops/master/auth"
	"mlops/statestore"
)

// Defaults of Options.
const (
	DefaultHeartbeat        = 5 * time.Second
	DefaultLeaseTTLFactor   = 3
	DefaultCancelGrace      = time.Second
	DefaultMaxQueued        = 200_000
	DefaultMaxMessageBytes  = 16 << 20
	DefaultMaxArtifactBytes = 64 << 30
	DefaultMaxLogLineBytes  = 4 << 10
	DefaultRetainAge        = 30 * 24 * time.Hour
	DefaultRetainCount      = 100_000
	DefaultRetentionEvery   = 10 * time.Minute
	DefaultArtifactMinAge   = 24 * time.Hour
	DefaultStopTimeout      = 5 * time.Second
)

// Options of a master. Zero values take the defaults.
type Options struct {
	// Now is the clock; default time.Now. Timers are of package time: tests that
	// want both run under testing/synctest.
	Now func() time.Time
	// Heartbeat is the period in which workers call.
	Heartbeat time.Duration
	// LeaseTTL is how long a lease lasts unrenewed; default three heartbeats, and
	// never less than two.
	LeaseTTL time.Duration
	// CancelGrace is how long a cancelled attempt may take before it is killed.
	CancelGrace time.Duration
	// Retention bounds final workflows; default 30 days and 100,000. A negative
	// value lifts a bound.
	Retention statestore.Retention
	// RetentionEvery is how often they are looked through.
	RetentionEvery time.Duration
	// ArtifactDir holds artifacts. Required.
	ArtifactDir string
	// ArtifactMinAge is how long an artifact that nothing names is kept.
	ArtifactMinAge time.Duration
	// MaxQueued bounds waiting tasks; beyond, submissions are refused.
	MaxQueued int
	// MaxMessageBytes bounds a request.
	MaxMessageBytes int
	// MaxArtifactBytes bounds an artifact.
	MaxArtifactBytes int64
	// MaxLogLineBytes bounds a log line; longer ones are cut.
	MaxLogLineBytes int
	// StopTimeout is how long Serve waits for calls under way when it ends.
	StopTimeout time.Duration
	// TLS of listeners; nil: plaintext.
	TLS *tls.Config
	// Authority knows the credentials; its zero value asks for none.
	Authority auth.Authority
	// Logger takes what operators should know; default slog.Default().
	Logger *slog.Logger
	// Version of the program.
	Version string
	// HostID tells clients whether they share the master's file system.
	HostID string
}

// withDefaults fills in what is unset, and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	setDefault(&o.Heartbeat, DefaultHeartbeat)
	setDefault(&o.LeaseTTL, DefaultLeaseTTLFactor*o.Heartbeat)
	setDefault(&o.CancelGrace, DefaultCancelGrace)
	setDefault(&o.RetentionEvery, DefaultRetentionEvery)
	setDefault(&o.ArtifactMinAge, DefaultArtifactMinAge)
	setDefault(&o.MaxQueued, DefaultMaxQueued)
	setDefault(&o.MaxMessageBytes, DefaultMaxMessageBytes)
	setDefault(&o.MaxArtifactBytes, DefaultMaxArtifactBytes)
	setDefault(&o.MaxLogLineBytes, DefaultMaxLogLineBytes)
	setDefault(&o.StopTimeout, DefaultStopTimeout)
	setDefault(&o.Retention.MaxAge, DefaultRetainAge)
	setDefault(&o.Retention.MaxCount, DefaultRetainCount)
	o.Retention.MaxAge = max(o.Retention.MaxAge, 0)
	o.Retention.MaxCount = max(o.Retention.MaxCount, 0)
	switch {
	case o.ArtifactDir == "":
		return o, errors.New("master: ArtifactDir is not set")
	case o.Heartbeat < 10*time.Millisecond:
		return o, fmt.Errorf("master: a heartbeat of %s is too short: at least 10ms", o.Heartbeat)
	case o.LeaseTTL < 2*o.Heartbeat:
		return o, fmt.Errorf("master: a lease of %s is too short for a heartbeat of %s: at least two of them", o.LeaseTTL, o.Heartbeat)
	case o.MaxQueued < 1 || o.MaxArtifactBytes < 1 || o.MaxMessageBytes < 1<<10 || o.MaxLogLineBytes < 1:
		return o, errors.New("master: limits must be positive, and messages may have at least 1 KiB")
	}
	return o, nil
}

func setDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}
