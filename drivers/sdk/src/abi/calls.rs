//! One call, from the function that the host enters to the one that takes the answer.

use super::shape::{Shape, flatten, free, store};
use super::{Abi, allocate, deallocate};
use crate::intercept::{Call, Hooks};
use crate::types::VirtError;
use std::alloc::Layout;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use wit_bindgen::rt::async_support::{Subtask, TaskCancelOnDrop, start_task};

/// A call under way. In a box, so that what is done with it is compiled once and not for each method.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What one has to know of a method to hand on a call of it.
#[derive(Debug)]
pub struct Description {
    /// Nova's name of it.
    pub name: &'static str,
    /// Its parameters, as a tuple.
    pub params: &'static Shape,
    /// Its answer, a `Result`.
    pub answer: &'static Shape,
    /// Do the parameters of a call that comes in arrive as numbers, and not in memory?
    pub export_is_flat: bool,
    /// And those of a call that goes out?
    pub import_is_flat: bool,
    /// Is the answer handed over as numbers?
    pub answer_is_flat: bool,
    /// Where the server is that it is about: number of the parameter, then of the field in it.
    pub instance: Option<&'static [usize]>,
    /// Hands the answer over.
    pub give_answer: unsafe fn(&[u64; 16]),
}

/// A method of the contract.
pub trait Method {
    /// Its parameters, as a tuple.
    type Params: Abi + 'static;
    /// What it answers.
    type Answer: Abi + 'static;
    /// All there is to know of it.
    const DESCRIPTION: &'static Description;

    /// Calls the method of the driver below.
    ///
    /// # Safety
    /// The arguments are as the contract says, and there is room for the answer.
    unsafe fn import(arguments: &[u64; 4], answer: *mut u8) -> u32;
}

type Import = unsafe fn(&[u64; 4], *mut u8) -> u32;

/// A component, as far as all its methods have it in common.
pub trait Component: 'static {
    /// Called before and after each method, if it wants to be.
    fn hooks() -> Option<&'static dyn Hooks>;
}

/// A component that has this method.
pub trait Handle<M: Method>: Component {
    /// Whether [`Handle::handle`] is nothing but [`forward`].
    const FORWARDS: bool;

    /// What it does.
    fn handle(params: M::Params) -> impl Future<Output = M::Answer> + 'static;
}

/// The parameters of a call, in memory.
#[derive(Debug)]
pub struct Params {
    at: *mut u8,
    shape: &'static Shape,
}

impl Params {
    #[cfg(any(target_arch = "wasm32", test))]
    pub(super) fn new<T: Abi>(params: T) -> Params {
        let shape = T::SHAPE;
        let at = allocate(shape.size, shape.align);
        // SAFETY: this is room for them.
        unsafe { params.lower(at) };
        Params { at, shape }
    }

    /// # Safety
    /// The row is what the host calls the method's export with.
    pub(super) unsafe fn take(method: &Description, row: &[u64]) -> Params {
        let shape = method.params;
        if method.export_is_flat {
            let at = allocate(shape.size, shape.align);
            // SAFETY: this is room for them, and the row stands for them.
            unsafe { store(shape, row, at) };
            Params { at, shape }
        } else {
            let address =
                row.first().copied().and_then(|address| usize::try_from(address).ok()).unwrap_or_default();
            Params { at: std::ptr::with_exposed_provenance_mut(address), shape }
        }
    }

    /// Takes them apart.
    pub(super) fn lift<T: Abi>(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: the parameters are of this type, which callers know from the method, and are not used again; the memory
        // they were in is given back, and what they point to is now the value's.
        unsafe {
            let value = T::lift(this.at);
            deallocate(this.at, this.shape.size, this.shape.align);
            value
        }
    }

    /// The server that the call is about: uuid, name and display name.
    pub(crate) fn instance(&self, method: &Description) -> Option<[String; 3]> {
        let mut at = self.at.cast_const();
        let mut shape = self.shape;
        for number in method.instance? {
            let (offset, field) = shape.field(*number)?;
            // SAFETY: the field is within the parameters.
            at = unsafe { at.add(offset) };
            shape = field;
        }
        let text = |number| {
            let (offset, _) = shape.field(number)?;
            // SAFETY: the first fields of a server are these texts. They are read and left where they are.
            let text = unsafe { ManuallyDrop::new(String::lift(at.add(offset))) };
            Some(String::clone(&text))
        };
        Some([text(0)?, text(1)?, text(2)?])
    }

    /// The numbers with which to call the import.
    fn arguments(&self, method: &Description) -> [u64; 4] {
        let mut row = [0; 4];
        if method.import_is_flat {
            // SAFETY: these are the parameters of this method.
            unsafe { flatten(self.shape, self.at, &mut row) };
        } else {
            row[0] = self.at.expose_provenance() as u64;
        }
        row
    }
}

impl Drop for Params {
    fn drop(&mut self) {
        // SAFETY: nobody has taken them apart.
        unsafe {
            free(self.shape, self.at);
            deallocate(self.at, self.shape.size, self.shape.align);
        }
    }
}

/// The answer to a call, in memory.
#[derive(Debug)]
pub struct Answer {
    at: *mut u8,
    shape: &'static Shape,
}

/// What a `Result` begins with if it is an error.
const ERR: u8 = 1;

impl Answer {
    pub(super) fn new<T: Abi>(answer: T) -> Answer {
        let shape = T::SHAPE;
        let at = allocate(shape.size, shape.align);
        // SAFETY: this is room for it.
        unsafe { answer.lower(at) };
        Answer { at, shape }
    }

    /// An answer of any method.
    pub(crate) fn error(method: &Description, error: VirtError) -> Answer {
        let shape = method.answer;
        let at = allocate(shape.size, shape.align);
        // SAFETY: this is room for it, and the error is behind the number that says that it is one.
        unsafe {
            at.write(ERR);
            error.lower(at.add(shape.payload()));
        }
        Answer { at, shape }
    }

    /// The error, if it is one.
    pub(crate) fn as_error(&self) -> Option<VirtError> {
        // SAFETY: there is a `Result`, and behind the number of an error there is one; it is read and left where it is.
        unsafe {
            if self.at.read() != ERR {
                return None;
            }
            let error = ManuallyDrop::new(VirtError::lift(self.at.add(self.shape.payload())));
            Some(VirtError::clone(&error))
        }
    }

    #[cfg(any(target_arch = "wasm32", test))]
    pub(super) fn lift<T: Abi>(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: as in `Params::lift`.
        unsafe {
            let value = T::lift(this.at);
            deallocate(this.at, this.shape.size, this.shape.align);
            value
        }
    }

    /// Hands it to the host, which copies it.
    fn give(self, method: &Description) {
        let mut row = [0; 16];
        if method.answer_is_flat {
            // SAFETY: this is an answer of this method.
            unsafe { flatten(self.shape, self.at, &mut row) };
        } else {
            row[0] = self.at.expose_provenance() as u64;
        }
        // SAFETY: the row is as the contract says, and this is the one time that the call is answered.
        unsafe { (method.give_answer)(&row) };
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: nobody has taken it apart.
        unsafe {
            free(self.shape, self.at);
            deallocate(self.at, self.shape.size, self.shape.align);
        }
    }
}

/// A call of the driver below.
struct Forward {
    method: &'static Description,
    import: Import,
}

/// The parameters of such a call once it is under way.
#[derive(Clone, Copy)]
struct Lowered {
    arguments: [u64; 4],
    at: *mut u8,
}

// SAFETY: the layout is that of the answer alone, which begins where the layout begins; the parameters have a block of their
// own, which is given back when the runtime says that nobody reads it any more.
unsafe impl Subtask for Forward {
    type Params = Params;
    type ParamsLower = Lowered;
    type Results = Answer;

    fn abi_layout(&mut self) -> Layout {
        // SAFETY: a shape's alignment is a power of two and its size small.
        unsafe { Layout::from_size_align_unchecked(self.method.answer.size, self.method.answer.align) }
    }

    fn results_offset(&mut self) -> usize {
        0
    }

    unsafe fn call_import(&mut self, params: Lowered, results: *mut u8) -> u32 {
        // SAFETY: the arguments are made for this method, and the results have the layout of its answer.
        unsafe { (self.import)(&params.arguments, results) }
    }

    unsafe fn params_lower(&mut self, params: Params, _: *mut u8) -> Lowered {
        let arguments = params.arguments(self.method);
        Lowered { arguments, at: ManuallyDrop::new(params).at }
    }

    unsafe fn params_dealloc_lists(&mut self, lower: Lowered) {
        drop(Params { at: lower.at, shape: self.method.params });
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, lower: Lowered) {
        drop(Params { at: lower.at, shape: self.method.params });
    }

    unsafe fn results_lift(&mut self, results: *mut u8) -> Answer {
        let shape = self.method.answer;
        let at = allocate(shape.size, shape.align);
        // SAFETY: there is an answer, which moves.
        unsafe { at.copy_from_nonoverlapping(results, shape.size) };
        Answer { at, shape }
    }
}

async fn forward_any(method: &'static Description, import: Import, params: Params) -> Answer {
    Forward { method, import }.call(params).await
}

/// Hands a call on to the driver below as it is.
pub fn forward<M: Method>(params: Params) -> BoxFuture<Answer> {
    Box::pin(forward_any(M::DESCRIPTION, M::import, params))
}

/// Calls a method of the driver below.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn below<M: Method>(params: M::Params) -> M::Answer {
    forward::<M>(Params::new(params)).await.lift()
}

fn typed<M: Method, C: Handle<M>>(params: Params) -> BoxFuture<Answer> {
    Box::pin(async move { Answer::new(C::handle(params.lift()).await) })
}

/// What the host enters when it calls a method.
///
/// # Safety
/// The row is what the host calls it with.
pub unsafe fn handle<M: Method, C: Handle<M>>(row: &[u64]) -> i32 {
    // SAFETY: as the caller says.
    let (params, seen) = unsafe { enter(M::DESCRIPTION, row, C::hooks()) };
    // Made at once, though it may have to wait for the hooks: a pointer to what makes it, one for each method, would take
    // memory in every instance.
    let run = if const { C::FORWARDS } { forward::<M>(params) } else { typed::<M, C>(params) };
    begin(M::DESCRIPTION, run, seen)
}

/// A call that hooks see.
type Seen = (&'static dyn Hooks, Call);

/// # Safety
/// The row is what the host calls the method's export with.
unsafe fn enter(
    method: &'static Description,
    row: &[u64],
    hooks: Option<&'static dyn Hooks>,
) -> (Params, Option<Seen>) {
    #[cfg(target_arch = "wasm32")]
    wit_bindgen::rt::run_ctors_once();
    // SAFETY: as the caller says.
    let params = unsafe { Params::take(method, row) };
    let seen = hooks.map(|hooks| (hooks, Call::of(method.name, params.instance(method))));
    (params, seen)
}

/// Begins a call. `run` gives the answer of this method; it does nothing before it is polled.
fn begin(method: &'static Description, run: BoxFuture<Answer>, seen: Option<Seen>) -> i32 {
    start_task(async move {
        let unanswered = TaskCancelOnDrop::new();
        let answer = match seen {
            None => run.await,
            Some((hooks, call)) => intercepted(method, run, hooks, &call).await,
        };
        unanswered.forget();
        answer.give(method);
    })
}

async fn intercepted(
    method: &'static Description,
    run: BoxFuture<Answer>,
    hooks: &'static dyn Hooks,
    call: &Call,
) -> Answer {
    if let Err(error) = hooks.before(call).await {
        return Answer::error(method, error);
    }
    let answer = run.await;
    let outcome = answer.as_error().map_or(Ok(()), Err);
    match hooks.after(call, outcome).await {
        None => answer,
        Some(error) => Answer::error(method, error),
    }
}

/// What the host enters when something happened that a call waits for.
///
/// # Safety
/// The host calls it, for a call that [`handle`] has begun.
pub unsafe fn callback(event: u32, waitable: u32, code: u32) -> u32 {
    // SAFETY: as the caller says.
    unsafe { wit_bindgen::rt::async_support::callback(event, waitable, code) }
}
