// Judges the API of `datamesh up` by client-go's informers: whatever happens, they have to end with exactly the objects
// that the server has, each at its last version. Started by the script "run", with a folder that has the binary.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	objects    = 10_000
	changed    = 500 // and as many deleted
	afterwards = 100 // changed after the restart, and as many created
	writers    = 8
	turn       = "informers.e2e/turn" // the annotation that says which change of an object was the last
	namespace  = "default"
	limit      = 230 * time.Second // of the whole run
)

var links = schema.GroupVersionResource{Group: "datamesh.dev", Version: "v1alpha1", Resource: "resourcelinks"}

// ---- checks --------------------------------------------------------------------------------------------------------

type notes struct{ passed, failed int }

// check runs one, and says what it found and how long it took.
func (n *notes) check(name string, run func() (string, error)) bool {
	begin := time.Now()
	found, err := run()
	seconds := time.Since(begin).Seconds()
	if err != nil {
		n.failed++
		fmt.Printf("FAIL  %s (%.1f s)\n      %s\n", name, seconds, strings.ReplaceAll(err.Error(), "\n", "\n      "))
		return false
	}
	n.passed++
	if found != "" {
		found = ": " + found
	}
	fmt.Printf("ok    %s%s (%.1f s)\n", name, found, seconds)
	return true
}

func (n *notes) finish() {
	fmt.Printf("informers: %d passed, %d failed\n", n.passed, n.failed)
	if n.failed > 0 {
		os.Exit(1)
	}
	os.Exit(0)
}

// until tries again until there is no error or the time is over.
func until(ctx context.Context, length time.Duration, try func() error) error {
	end := time.Now().Add(length)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v: %w", length, err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// each runs `do` for every name, by several at once, and returns the first error.
func each(names []string, do func(string) error) error {
	work := make(chan string)
	failures := make(chan error, writers)
	var all sync.WaitGroup
	for range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			var first error
			for name := range work {
				if first == nil {
					first = do(name)
				}
			}
			if first != nil {
				failures <- first
			}
		}()
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	all.Wait()
	close(failures)
	return <-failures
}

func names(prefix string, count int) []string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("%s-%05d", prefix, i))
	}
	return all
}

// ---- the server ----------------------------------------------------------------------------------------------------

type server struct {
	folder  string
	process *exec.Cmd
}

func (s *server) kubeconfig() string { return filepath.Join(s.folder, "state", "kubeconfig") }

func (s *server) start() error {
	log, err := os.OpenFile(filepath.Join(s.folder, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = exec.Command(filepath.Join(s.folder, "datamesh"), "up", "--state-dir", filepath.Join(s.folder, "state"),
		"--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		return err
	}
	pid := strconv.Itoa(s.process.Process.Pid)
	if err := os.WriteFile(filepath.Join(s.folder, "server.pid"), []byte(pid), 0o600); err != nil {
		return err
	}
	return until(context.Background(), 20*time.Second, s.ready)
}

func (s *server) ready() error {
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig())
	if err != nil {
		return err
	}
	config.Timeout = 2 * time.Second
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	response, err := client.Get(config.Host + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", response.Status)
	}
	return nil
}

// kill ends it by SIGKILL.
func (s *server) kill() {
	if s.process == nil || s.process.Process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	_ = os.Remove(filepath.Join(s.folder, "server.pid"))
	s.process = nil
}

// ---- what the server holds, and what a client holds ----------------------------------------------------------------

// version is what is compared of an object.
type version struct{ revision, turn string }

type holding map[string]version

func version_of(object *unstructured.Unstructured) version {
	return version{object.GetResourceVersion(), object.GetAnnotations()[turn]}
}

// same says where two differ.
func same(whose string, have holding, other string, want holding) error {
	var differences []string
	for name, v := range want {
		if found, ok := have[name]; !ok {
			differences = append(differences, fmt.Sprintf("%s lacks %s, which is %v in %s", whose, name, v, other))
		} else if found != v {
			differences = append(differences, fmt.Sprintf("%s has %s as %v, %s as %v", whose, name, found, other, v))
		}
	}
	for name, v := range have {
		if _, ok := want[name]; !ok {
			differences = append(differences, fmt.Sprintf("%s has %s as %v, %s lacks it", whose, name, v, other))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	slices.Sort(differences)
	return fmt.Errorf("%d differences (%d and %d objects), such as:\n%s", len(differences), len(have), len(want),
		strings.Join(differences[:min(3, len(differences))], "\n"))
}

// requests counts what a client asks.
type requests struct {
	inner                 http.RoundTripper
	lists, pages, watches atomic.Int64
}

func (r *requests) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	switch {
	case request.Method != http.MethodGet:
	case query.Get("watch") != "":
		r.watches.Add(1)
	case query.Get("continue") != "":
		r.pages.Add(1)
	default:
		r.lists.Add(1)
		r.pages.Add(1)
	}
	return r.inner.RoundTrip(request)
}

func (r *requests) String() string {
	return fmt.Sprintf("%d lists of %d pages and %d watches", r.lists.Load(), r.pages.Load(), r.watches.Load())
}

// observer is an informer, or a bare reflector, with a note of what must not happen.
type observer struct {
	name  string
	asked *requests
	store cache.Store

	mutex     sync.Mutex
	newest    map[string]uint64
	deleted   map[string]bool
	backwards []string
}

func (o *observer) held() holding {
	all := holding{}
	for _, item := range o.store.List() {
		object := item.(*unstructured.Unstructured)
		all[object.GetName()] = version_of(object)
	}
	return all
}

func (o *observer) saw(item any) {
	object := item.(*unstructured.Unstructured)
	revision, err := strconv.ParseUint(object.GetResourceVersion(), 10, 64)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if before := o.newest[object.GetName()]; err != nil || revision < before {
		o.backwards = append(o.backwards, fmt.Sprintf("%s: %s came after %d", object.GetName(), object.GetResourceVersion(), before))
	}
	o.newest[object.GetName()] = revision
}

func (o *observer) lost(item any) {
	if unknown, ok := item.(cache.DeletedFinalStateUnknown); ok {
		item = unknown.Obj
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.deleted[item.(*unstructured.Unstructured).GetName()] = true
}

// client returns one with connections of its own.
func client(config *rest.Config) (*dynamic.DynamicClient, *requests, error) {
	own, asked := rest.CopyConfig(config), &requests{}
	own.Wrap(func(inner http.RoundTripper) http.RoundTripper {
		asked.inner = inner
		return asked
	})
	made, err := dynamic.NewForConfig(own)
	return made, asked, err
}

func start_informer(ctx context.Context, name string, config *rest.Config) (*observer, cache.SharedIndexInformer, error) {
	api, asked, err := client(config)
	if err != nil {
		return nil, nil, err
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(api, links, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	o := &observer{name: name, asked: asked, store: informer.GetStore(), newest: map[string]uint64{}, deleted: map[string]bool{}}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: o.saw, UpdateFunc: func(_, now any) { o.saw(now) }, DeleteFunc: o.lost})
	go informer.Run(ctx.Done())
	return o, informer, err
}

// start_streaming starts a reflector that has the first objects come by its watch instead of by lists.
func start_streaming(ctx context.Context, name string, config *rest.Config) (*observer, error) {
	api, asked, err := client(config)
	if err != nil {
		return nil, err
	}
	source := &cache.ListWatch{
		ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
			return api.Resource(links).List(ctx, options)
		},
		WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
			return api.Resource(links).Watch(ctx, options)
		},
	}
	o := &observer{name: name, asked: asked, store: cache.NewStore(cache.MetaNamespaceKeyFunc)}
	reflector := cache.NewReflectorWithOptions(source, &unstructured.Unstructured{}, o.store, cache.ReflectorOptions{Name: name})
	yes := true
	reflector.UseWatchList = &yes
	go reflector.Run(ctx.Done())
	return o, nil
}

// ---- one run -------------------------------------------------------------------------------------------------------

type run struct {
	notes
	ctx       context.Context
	server    server
	config    *rest.Config
	api       dynamic.ResourceInterface
	mutex     sync.Mutex
	want      map[string]string // the turn of every object that must be there
	highest   uint64            // the highest revision that a write was answered with
	observers []*observer
}

func (r *run) wrote(object *unstructured.Unstructured) {
	revision, _ := strconv.ParseUint(object.GetResourceVersion(), 10, 64)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.want[object.GetName()] = object.GetAnnotations()[turn]
	r.highest = max(r.highest, revision)
}

func (r *run) create(name string) error {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "datamesh.dev/v1alpha1", "kind": "ResourceLink",
		"metadata": map[string]any{"namespace": namespace, "name": name, "annotations": map[string]any{turn: "created"}},
		"spec":     map[string]any{"account": "nobody", "product": map[string]any{"name": "nothing"}},
	}}
	made, err := r.api.Create(r.ctx, object, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("POST %s: %w", name, err)
	}
	r.wrote(made)
	return nil
}

func (r *run) patch(name, to string) error {
	body := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, turn, to)
	made, err := r.api.Patch(r.ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("PATCH %s: %w", name, err)
	}
	if found := made.GetAnnotations()[turn]; found != to {
		return fmt.Errorf("PATCH %s was answered with %s=%q, not %q", name, turn, found, to)
	}
	r.wrote(made)
	return nil
}

func (r *run) remove(name string) error {
	if err := r.api.Delete(r.ctx, name, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("DELETE %s: %w", name, err)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.want, name)
	return nil
}

// list reads all objects page by page.
func (r *run) list() (holding, string, error) {
	all, options := holding{}, metav1.ListOptions{Limit: 1000}
	for {
		page, err := r.api.List(r.ctx, options)
		if err != nil {
			return nil, "", err
		}
		for i := range page.Items {
			name := page.Items[i].GetName()
			if _, twice := all[name]; twice {
				return nil, "", fmt.Errorf("the pages of a list have %s twice", name)
			}
			all[name] = version_of(&page.Items[i])
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return all, page.GetResourceVersion(), nil
		}
	}
}

// as_written says where objects differ from what was written, their revisions aside: the operator writes, too.
func (r *run) as_written(whose string, have holding) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	plain, want := holding{}, holding{}
	for name, v := range have {
		plain[name] = version{turn: v.turn}
	}
	for name, turn := range r.want {
		want[name] = version{turn: turn}
	}
	return same(whose, plain, "what was written", want)
}

// arrived waits until all observers hold what was written.
func (r *run) arrived(length time.Duration) error {
	return until(r.ctx, length, func() error {
		for _, o := range r.observers {
			if err := r.as_written(o.name, o.held()); err != nil {
				return err
			}
		}
		return nil
	})
}

// settled waits until all observers hold what a fresh list has, every object at the same revision.
func (r *run) settled(length time.Duration) error {
	if err := r.arrived(length); err != nil {
		return err
	}
	return until(r.ctx, length, func() error {
		listed, _, err := r.list()
		if err != nil {
			return err
		}
		if err := r.as_written("a list", listed); err != nil {
			return err
		}
		for _, o := range r.observers {
			if err := same(o.name, o.held(), "a list", listed); err != nil {
				return err
			}
		}
		return nil
	})
}

// ---- watches without an informer -----------------------------------------------------------------------------------

type event struct {
	Type   string
	Object unstructured.Unstructured
}

// watched is what one watch was answered with.
type watched struct {
	code   int
	events []event
	times  []time.Duration
	length time.Duration
}

// watch reads one until its end, for `longest` at most. `enough` may end it earlier.
func (r *run) watch(query string, longest time.Duration, enough func(event) bool) (watched, error) {
	ctx, cancel := context.WithTimeout(r.ctx, longest)
	defer cancel()
	var all watched
	plain, err := rest.HTTPClientFor(r.config)
	if err != nil {
		return all, err
	}
	path := "/apis/datamesh.dev/v1alpha1/resourcelinks?watch=true&" + query
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.config.Host+path, nil)
	if err != nil {
		return all, err
	}
	begin := time.Now()
	response, err := plain.Do(request)
	if err != nil {
		return all, err
	}
	defer response.Body.Close()
	all.code = response.StatusCode
	decoder := json.NewDecoder(response.Body)
	for {
		var raw struct {
			Type   string
			Object map[string]any
		}
		err := decoder.Decode(&raw)
		all.length = time.Since(begin)
		if all.code != http.StatusOK || errors.Is(err, io.EOF) || ctx.Err() != nil {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("GET %s: %w", path, err)
		}
		now := event{raw.Type, unstructured.Unstructured{Object: raw.Object}}
		all.events, all.times = append(all.events, now), append(all.times, all.length)
		if enough != nil && enough(now) {
			return all, nil
		}
	}
}

// error_of returns the status that a watch was ended with, if it was.
func (w watched) error_of() string {
	if w.code != http.StatusOK {
		return fmt.Sprintf("HTTP status %d", w.code)
	}
	if n := len(w.events); n > 0 && w.events[n-1].Type == string(watch.Error) {
		status := w.events[n-1].Object.Object
		return fmt.Sprintf("%v %v: %v", status["code"], status["reason"], status["message"])
	}
	return ""
}

// replayed returns what `begin` becomes by the events.
func (w watched) replayed(begin holding) holding {
	all := maps.Clone(begin)
	for i := range w.events {
		object := &w.events[i].Object
		switch watch.EventType(w.events[i].Type) {
		case watch.Added, watch.Modified:
			all[object.GetName()] = version_of(object)
		case watch.Deleted:
			delete(all, object.GetName())
		}
	}
	return all
}

// from_then watches from an earlier revision: the answer has to be 410, or everything that happened since.
func (r *run) from_then(revision string, begin holding) (string, error) {
	got, err := r.watch("timeoutSeconds=5&resourceVersion="+revision, 20*time.Second, nil)
	if err != nil {
		return "", err
	}
	if status := got.error_of(); status != "" {
		if got.code == http.StatusGone || strings.HasPrefix(status, "410 Expired") {
			return fmt.Sprintf("from %s it is answered by %s", revision, status), nil
		}
		return "", fmt.Errorf("from %s it is answered by %s", revision, status)
	}
	listed, _, err := r.list()
	if err != nil {
		return "", err
	}
	if err := same("the watch", got.replayed(begin), "a list", listed); err != nil {
		return "", fmt.Errorf("from %s, %d events: %w", revision, len(got.events), err)
	}
	return fmt.Sprintf("from %s it works completely, by %d events", revision, len(got.events)), nil
}

// bookmark returns the first one of a watch, which has to be at `least` or later.
func (w watched) bookmark(least uint64) (string, error) {
	for i, e := range w.events {
		if e.Type != string(watch.Bookmark) {
			continue
		}
		revision, err := strconv.ParseUint(e.Object.GetResourceVersion(), 10, 64)
		if err != nil || revision < least {
			return "", fmt.Errorf("a bookmark at %q, after a change at %d", e.Object.GetResourceVersion(), least)
		}
		return fmt.Sprintf("at revision %d after %.1f s", revision, w.times[i].Seconds()), nil
	}
	return "", fmt.Errorf("none among %d events in %.1f s%s", len(w.events), w.length.Seconds(), w.error_of())
}

// ---- the checks, in their order --------------------------------------------------------------------------------------

func (r *run) begin() (string, error) {
	if err := r.server.start(); err != nil {
		return "", err
	}
	config, err := clientcmd.BuildConfigFromFlags("", r.server.kubeconfig())
	if err != nil {
		return "", err
	}
	config.QPS = -1
	r.config = config
	api, _, err := client(config)
	if err != nil {
		return "", err
	}
	r.api = api.Resource(links).Namespace(namespace)
	return "", nil
}

// observe starts the first informer while objects are being created: its pages are of one moment all the same.
func (r *run) observe_creation() (string, error) {
	all := names("link", objects)
	if err := each(all[:objects/4], r.create); err != nil {
		return "", err
	}
	first, informer, err := start_informer(r.ctx, "the first informer", r.config)
	if err != nil {
		return "", err
	}
	r.observers = append(r.observers, first)
	begin := time.Now()
	err = each(all[objects/4:], func(name string) error {
		if err := r.create(name); err != nil || !strings.HasSuffix(name, "7") {
			return err
		}
		return r.patch(name, "changed at once")
	})
	if err != nil {
		return "", err
	}
	written := time.Since(begin)
	if !informer.HasSynced() {
		return "", errors.New("it has not synced")
	}
	if err := r.settled(60 * time.Second); err != nil {
		return "", err
	}
	if first.asked.pages.Load() < 3 {
		return "", fmt.Errorf("it did not read in pages: %v", first.asked)
	}
	return fmt.Sprintf("%v, %.0f writes/s", first.asked, float64(objects*3/4*11/10)/written.Seconds()), nil
}

func (r *run) observe_again() (string, error) {
	second, informer, err := start_informer(r.ctx, "the second informer", r.config)
	if err != nil {
		return "", err
	}
	r.observers = append(r.observers, second)
	if err := until(r.ctx, 30*time.Second, func() error {
		if !informer.HasSynced() {
			return errors.New("it has not synced")
		}
		return nil
	}); err != nil {
		return "", err
	}
	return second.asked.String(), r.settled(30 * time.Second)
}

func (r *run) observe_streaming() (string, error) {
	third, err := start_streaming(r.ctx, "the streaming reflector", r.config)
	if err != nil {
		return "", err
	}
	r.observers = append(r.observers, third)
	if err := r.settled(30 * time.Second); err != nil {
		return "", err
	}
	if third.asked.lists.Load() != 0 {
		return "", fmt.Errorf("it fell back to %v", third.asked)
	}
	return third.asked.String(), nil
}

func (r *run) change() (string, error) {
	return "", errors.Join(
		each(names("link", changed), func(name string) error { return r.patch(name, "changed") }), r.arrived(30*time.Second))
}

func (r *run) delete() (string, error) {
	gone := names("link", 2*changed)[changed:]
	if err := each(gone, r.remove); err != nil {
		return "", err
	}
	if err := r.arrived(40 * time.Second); err != nil {
		return "", err
	}
	return "", until(r.ctx, 5*time.Second, func() error {
		for _, o := range r.observers {
			o.mutex.Lock()
			told := len(o.deleted)
			o.mutex.Unlock()
			if o.deleted != nil && told != len(gone) {
				return fmt.Errorf("%s told of %d deletions, not of %d", o.name, told, len(gone))
			}
		}
		return nil
	})
}

// bookmarks: a real server sends one every minute, and one two seconds before the end of a watch, provided that
// something has changed since the watch began. It promises neither, so the shortest watch is only reported.
func (r *run) bookmarks() (string, error) {
	_, since, err := r.list()
	if err != nil {
		return "", err
	}
	kinds := []struct {
		name, query string
		length      time.Duration
	}{
		{"timeoutSeconds=5", "&timeoutSeconds=5", 15 * time.Second},
		{"timeoutSeconds=12", "&timeoutSeconds=12", 20 * time.Second},
		{"no timeout", "", 70 * time.Second},
	}
	answers := make([]watched, len(kinds))
	failures := make([]error, len(kinds))
	var all sync.WaitGroup
	for i, kind := range kinds {
		all.Add(1)
		go func() {
			defer all.Done()
			answers[i], failures[i] = r.watch("allowWatchBookmarks=true&resourceVersion="+since+kind.query, kind.length,
				func(e event) bool { return e.Type == string(watch.Bookmark) })
		}()
	}
	time.Sleep(time.Second)
	patched := r.patch("link-00000", "amid watches")
	all.Wait()
	if patched != nil {
		return "", patched
	}
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		if failures[i] == nil {
			texts[i], failures[i] = answers[i].bookmark(r.highest)
		}
		if failures[i] != nil {
			texts[i] = failures[i].Error()
		}
		texts[i] = kind.name + ": " + texts[i]
	}
	found := strings.Join(texts, "; ")
	if failures[1] != nil || failures[2] != nil {
		return "", errors.New(found)
	}
	return found, nil
}

// restart kills the server while objects are being created. Who was told that one is made may rely on it.
func (r *run) restart() (string, error) {
	until_killed := names("interrupted", 100_000)
	var killed atomic.Bool
	var unclear atomic.Int64
	done := make(chan error)
	go func() {
		done <- each(until_killed, func(name string) error {
			if killed.Load() {
				return nil
			}
			err := r.create(name)
			if err == nil {
				return nil
			}
			if status := apierrors.APIStatus(nil); errors.As(err, &status) {
				return err
			}
			unclear.Add(1)
			return nil
		})
	}()
	time.Sleep(time.Second)
	r.server.kill()
	killed.Store(true)
	if err := <-done; err != nil {
		return "", err
	}
	before := r.highest
	begin := time.Now()
	if err := r.server.start(); err != nil {
		return "", err
	}
	back := time.Since(begin)
	listed, now, err := r.list()
	if err != nil {
		return "", err
	}
	var told, lost int
	for name := range r.want {
		if strings.HasPrefix(name, "interrupted") {
			told++
		}
		if _, ok := listed[name]; !ok {
			lost++
		}
	}
	for name, v := range listed { // those whose creation was not answered may be there or not
		if _, known := r.want[name]; !known && strings.HasPrefix(name, "interrupted") {
			r.want[name] = v.turn
		}
	}
	if err := r.as_written("a list", listed); err != nil {
		return "", fmt.Errorf("%d of the objects whose writes were acknowledged are lost: %w", lost, err)
	}
	if revision, _ := strconv.ParseUint(now, 10, 64); revision < before {
		return "", fmt.Errorf("the revision went back from %d to %s", before, now)
	}
	return fmt.Sprintf("%d creations acknowledged in the last second, %d unanswered; ready after %.1f s", told, unclear.Load(),
		back.Seconds()), nil
}

func (r *run) come_back() (string, error) {
	if err := each(names("link", afterwards), func(name string) error { return r.patch(name, "after the restart") }); err != nil {
		return "", err
	}
	if err := each(names("afterwards", afterwards), r.create); err != nil {
		return "", err
	}
	if err := r.arrived(60 * time.Second); err != nil {
		return "", err
	}
	var all []string
	for _, o := range r.observers {
		all = append(all, fmt.Sprintf("%s so far: %v", o.name, o.asked))
	}
	return strings.Join(all, "; "), nil
}

func (r *run) never_backwards() (string, error) {
	for _, o := range r.observers {
		o.mutex.Lock()
		backwards := slices.Clone(o.backwards)
		o.mutex.Unlock()
		if len(backwards) > 0 {
			return "", fmt.Errorf("%s, %d times, such as %s", o.name, len(backwards), backwards[0])
		}
	}
	return "", nil
}

func (r *run) all() {
	if !r.check("the server comes up", r.begin) ||
		!r.check(fmt.Sprintf("an informer started amid the creation of %d objects holds all, each at its last version", objects),
			r.observe_creation) {
		return
	}
	r.check("a second informer holds the same", r.observe_again)
	r.check("so does a reflector that streams (sendInitialEvents)", r.observe_streaming)
	r.check(fmt.Sprintf("%d changes arrive in all", changed), r.change)
	r.check(fmt.Sprintf("%d deletions arrive in all", changed), r.delete)
	r.check("a watch has bookmarks", r.bookmarks)
	before, revision, err := r.list()
	if !r.check("killed and started again, the server has all that it acknowledged", r.restart) {
		return
	}
	r.check("the informers come back, and miss none of the changes since", r.come_back)
	r.check("a watch from the first revision is refused or complete", func() (string, error) { return r.from_then("1", holding{}) })
	r.check("so is one from before the restart", func() (string, error) {
		if err != nil {
			return "", err
		}
		return r.from_then(revision, before)
	})
	r.check("at the end all hold what a fresh list has", func() (string, error) {
		err := r.settled(40 * time.Second)
		return fmt.Sprintf("%d objects", len(r.want)), err
	})
	r.check("no informer saw an older version after a newer one", r.never_backwards)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: informers FOLDER, which has the binary datamesh")
		os.Exit(64)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	r := &run{ctx: ctx, server: server{folder: os.Args[1]}, want: map[string]string{}}
	begin := time.Now()
	done := make(chan struct{})
	go func() {
		r.all()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit + 5*time.Second):
		r.failed++
		fmt.Println("FAIL  the run ends in time")
	}
	r.server.kill()
	fmt.Printf("      all in all %.1f s\n", time.Since(begin).Seconds())
	r.finish()
}
