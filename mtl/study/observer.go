package study

// Observer watches a sweep: a live figure, a progress bar. Its methods are called one at a time, from goroutines of the sweep, and should return at once.
type Observer interface {
	// Begin is called once, with what is planned and what earlier sessions did. The study is the observer's own.
	Begin(s *Study)
	// Update is called when a trial is planned, has moved on or has ended. It is a copy, with the history so far; a trial of the same name replaces it.
	Update(t *Trial)
	// Progress is called often: training steps done and planned over all trials, seconds so far, and seconds left as estimated (negative while
	// unknown).
	Progress(done, planned int, seconds, left float64)
	// End is called once; err is nil when the sweep ran to its end. The study is the observer's own.
	End(s *Study, err error)
}

// Put replaces the trial or baseline of the same name, or adds it.
func (s *Study) Put(t *Trial) {
	list := s.listOf(t)
	name := t.Name()
	for i, known := range *list {
		if known.Name() == name {
			(*list)[i] = t
			return
		}
	}
	*list = append(*list, t)
}

// listOf is the list that a trial belongs to.
func (s *Study) listOf(t *Trial) *[]*Trial {
	if t.Alone != "" {
		return &s.Baselines
	}
	return &s.Trials
}
