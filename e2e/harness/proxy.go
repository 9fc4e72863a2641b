package harness

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy passes TCP connections on to a target until it is cut.
type Proxy struct {
	listener net.Listener
	target   string
	wait     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// NewProxy starts a proxy to target on a free port of the loopback.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, conns: make(map[net.Conn]struct{})}
	p.wait.Go(p.accept)
	t.Cleanup(func() {
		p.listener.Close()
		p.Cut()
		p.wait.Wait()
	})
	return p
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Cut drops every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
}

// Heal lets connections pass again.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.pass(conn) })
	}
}

func (p *Proxy) pass(inner net.Conn) {
	defer inner.Close()
	if !p.track(inner) {
		return
	}
	defer p.forget(inner)
	outer, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer outer.Close()
	if !p.track(outer) {
		return
	}
	defer p.forget(outer)
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(outer, inner); outer.Close() })
	both.Go(func() { _, _ = io.Copy(inner, outer); inner.Close() })
	both.Wait()
}

// track remembers a connection, unless the proxy is cut.
func (p *Proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}
