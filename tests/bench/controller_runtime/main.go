// The least program of controller-runtime that does what bench_kube does, to compare with.
//
//	usage: controller_runtime list KUBECONFIG      prints {"objects", "seconds", "bytesPerObject"}
//	       controller_runtime control KUBECONFIG   writes the status of each object that is edited, until killed
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

type ProductRef struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

type Spec struct {
	Account  string     `json:"account"`
	Product  ProductRef `json:"product"`
	Table    string     `json:"table,omitempty"`
	Name     string     `json:"name,omitempty"`
	Database string     `json:"database,omitempty"`
	Region   string     `json:"region,omitempty"`
}

type Status struct {
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
}

type ResourceLink struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              Spec   `json:"spec,omitempty"`
	Status            Status `json:"status,omitempty"`
}

func (in *ResourceLink) DeepCopyObject() kruntime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

type ResourceLinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResourceLink `json:"items"`
}

func (in *ResourceLinkList) DeepCopyObject() kruntime.Object {
	out := ResourceLinkList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range in.Items {
		out.Items = append(out.Items, *in.Items[i].DeepCopyObject().(*ResourceLink))
	}
	return &out
}

var group = schema.GroupVersion{Group: "datamesh.dev", Version: "v1alpha1"}

func newScheme() *kruntime.Scheme {
	scheme := kruntime.NewScheme()
	scheme.AddKnownTypes(group, &ResourceLink{}, &ResourceLinkList{})
	metav1.AddToGroupVersion(scheme, group)
	return scheme
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller_runtime:", err)
		os.Exit(1)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func list(ctx context.Context, config *rest.Config) {
	strip := cache.Options{Scheme: newScheme(), DefaultTransform: cache.TransformStripManagedFields()}
	before := heap()
	begin := time.Now()
	objects := must(cache.New(config, strip))
	must(objects.GetInformer(ctx, &ResourceLink{}))
	go func() { check(objects.Start(ctx)) }()
	if !objects.WaitForCacheSync(ctx) {
		check(fmt.Errorf("the cache does not sync"))
	}
	seconds := time.Since(begin).Seconds()
	held := heap() - before
	all := ResourceLinkList{}
	check(objects.List(ctx, &all, client.UnsafeDisableDeepCopy))
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"objects": len(all.Items), "seconds": seconds, "bytesPerObject": held / uint64(max(1, len(all.Items)))}))
}

type reconciler struct{ client client.Client }

func (r reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var link ResourceLink
	if err := r.client.Get(ctx, request.NamespacedName, &link); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if link.Status.ObservedGeneration == link.Generation {
		return ctrl.Result{}, nil
	}
	wanted := &ResourceLink{
		TypeMeta:   metav1.TypeMeta{APIVersion: group.String(), Kind: "ResourceLink"},
		ObjectMeta: metav1.ObjectMeta{Name: link.Name, Namespace: link.Namespace, ResourceVersion: link.ResourceVersion},
		Status:     Status{ObservedGeneration: link.Generation},
	}
	// What the typed form adds to the patch beside the status is overlooked by the subresource.
	return ctrl.Result{}, r.client.Status().Patch(ctx, wanted, client.Apply, client.ForceOwnership, client.FieldOwner("bench-status"))
}

func control(ctx context.Context, config *rest.Config) {
	manager := must(ctrl.NewManager(config, ctrl.Options{
		Scheme:  newScheme(),
		Metrics: server.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
	}))
	check(ctrl.NewControllerManagedBy(manager).For(&ResourceLink{}).Complete(reconciler{manager.GetClient()}))
	go func() {
		if manager.GetCache().WaitForCacheSync(ctx) {
			fmt.Println(`{"ready": true}`)
		}
	}()
	check(manager.Start(ctx))
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: controller_runtime list|control KUBECONFIG")
		os.Exit(64)
	}
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	config := must(clientcmd.BuildConfigFromFlags("", os.Args[2]))
	config.QPS = -1 // the work is measured, not the client's limit
	ctx := ctrl.SetupSignalHandler()
	switch os.Args[1] {
	case "list":
		list(ctx, config)
	case "control":
		control(ctx, config)
	}
}
