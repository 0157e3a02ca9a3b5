package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Times after which a command that works says how far it is, and then again.
const (
	firstWord = 2 * time.Second
	nextWord  = 5 * time.Second
)

// patient says how far a list of methods is where that takes long, a line now and then.
type patient struct {
	to   io.Writer // os.Stderr when nil
	all  int
	lock sync.Mutex
	name string // of the method that is under way
	done int
}

// at says that a method begins.
func (p *patient) at(name string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.name != "" {
		p.done++
	}
	p.name = name
}

// begin starts to count the time; the function that it returns ends it.
func (p *patient) begin() (end func()) {
	if p.to == nil {
		p.to = os.Stderr
	}
	started, stop := time.Now(), make(chan struct{})
	go func() {
		for wait := firstWord; ; wait = nextWord {
			select {
			case <-stop:
				return
			case <-time.After(wait):
				p.lock.Lock()
				fmt.Fprintf(p.to, "gomtl: %s, %d of %d methods done in %.0f s\n", p.name, p.done, p.all, time.Since(started).Seconds())
				p.lock.Unlock()
			}
		}
	}()
	return func() { close(stop) }
}
