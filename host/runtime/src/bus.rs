//! The message bus between API, conductor and computes (`nova/rpc.py` over oslo.messaging).
//!
//! Messages to one address are delivered in the order they were sent (FIFO); their handlers run concurrently, as
//! Nova's do. A seeded delay can be added to each delivery: messages to different addresses then overtake one another,
//! those to one address never do. Messages to an address nobody listens at wait until somebody does, as in a broker's
//! queue of bounded length. A message is sent once and carried out as often as it arrives, unless the bus is to do better
//! ([`Delivery`]).

use crate::clock::Clock;
use crate::message_faults::{LATE, MessageFault, MessageFaults};
use crate::random::Randomness;
use crate::tasks::Tasks;
use crate::trace::{Trace, TraceEvent};
use async_trait::async_trait;
use model::rpc::{Address, Answer, Message, RequestContext};
use model::{ExceptionClass, NovaError, Timestamp};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How many messages wait at an address where nobody listens; the oldest is lost when there are more.
const MAX_WAITING: usize = 10_000;

/// How long a message that is to be sent again has gone without being taken.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How many of the messages that were taken at an address are remembered, the newest: as many as oslo.messaging remembers.
const MAX_REMEMBERED: usize = 512;

/// What a handler answers to a call; casts ignore it.
pub type Reply = Result<Answer, NovaError>;

/// A service that takes messages.
#[async_trait(?Send)]
pub trait Handler {
    /// Does what the message asks. An error is sent back to whoever called; for a cast it is only traced. None when the
    /// service died meanwhile, so that what it was doing has no end and no answer.
    async fn handle(&self, message: Message) -> Option<Reply>;

    /// Dies as it takes `message`: whatever the service is doing ends where it is. Answers the message if somebody else handles
    /// it now.
    fn die(&self, message: Message) -> Option<Message>;
}

/// How long deliveries take.
#[derive(Clone, Debug, Default)]
pub enum Delays {
    /// No time at all.
    #[default]
    None,
    /// A random whole number of milliseconds, up to this many.
    UpTo {
        /// The largest delay, in milliseconds.
        milliseconds: u64,
        /// Where the numbers come from.
        random: Randomness,
    },
}

/// What the bus promises of each message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// It arrives: one that nobody has taken is sent again after some seconds, as long as somebody wants it.
    pub arrives: bool,
    /// It is carried out once: another copy of one that was taken already is dropped.
    pub once: bool,
}

/// The bus. Clones are the same bus.
#[derive(Clone)]
pub struct Bus {
    inner: Rc<Inner>,
}

struct Inner {
    clock: Clock,
    trace: Trace,
    tasks: Tasks,
    delays: Delays,
    delivery: Delivery,
    timeout: Duration,
    faults: MessageFaults,
    state: RefCell<State>,
}

/// Hears of messages nobody waits for that could not be done.
pub type FailedCast = dyn Fn(&RequestContext, &NovaError);

#[derive(Default)]
struct State {
    sent: u64,
    on_failed_cast: Option<Rc<FailedCast>>,
    queues: BTreeMap<Address, Queue>,
}

#[derive(Default)]
struct Queue {
    handler: Option<Rc<dyn Handler>>,
    /// No later message may arrive before this time.
    busy_until: Timestamp,
    waiting: VecDeque<Parcel>,
    /// Those that arrive behind a slow one, while it is on its way.
    behind: Option<VecDeque<Parcel>>,
    /// The newest messages that were taken, if they are remembered.
    taken: BTreeSet<u64>,
}

struct Parcel {
    id: u64,
    message: Message,
    answer: Option<oneshot::Sender<Reply>>,
    /// Whether it is one of the deliveries that are counted for faults, which strike it once.
    counted: bool,
}

impl Queue {
    /// Notes that a message is taken; whether it is taken for the first time.
    fn take(&mut self, id: u64) -> bool {
        let first = self.taken.insert(id);
        if self.taken.len() > MAX_REMEMBERED {
            self.taken.pop_first();
        }
        first
    }
}

impl Bus {
    /// A bus nobody listens at yet. `timeout` is how long a call waits for its answer.
    pub fn new(
        clock: Clock,
        trace: Trace,
        tasks: Tasks,
        delays: Delays,
        delivery: Delivery,
        timeout: Duration,
    ) -> Self {
        let (faults, state) = (MessageFaults::default(), RefCell::default());
        Self { inner: Rc::new(Inner { clock, trace, tasks, delays, delivery, timeout, faults, state }) }
    }

    /// Lets `handler` take the messages for `address`, those that wait already first.
    pub fn listen(&self, address: Address, handler: Rc<dyn Handler>) {
        let waiting = {
            let mut state = self.inner.state.borrow_mut();
            let queue = state.queues.entry(address.clone()).or_default();
            queue.handler = Some(handler);
            std::mem::take(&mut queue.waiting)
        };
        for parcel in waiting {
            self.deliver(address.clone(), parcel);
        }
    }

    /// Which deliveries are struck.
    pub fn faults(&self) -> &MessageFaults {
        &self.inner.faults
    }

    /// From now on `hear` is told of every cast whose handler answers with an error.
    pub fn on_failed_cast(&self, hear: Rc<FailedCast>) {
        self.inner.state.borrow_mut().on_failed_cast = Some(hear);
    }

    /// Nobody takes the messages for `address` any more; they wait.
    pub fn leave(&self, address: &Address) {
        if let Some(queue) = self.inner.state.borrow_mut().queues.get_mut(address) {
            queue.handler = None;
        }
    }

    /// Sends a message and goes on.
    pub fn cast(&self, from: &Address, to: Address, message: Message) {
        self.send(from, to, message, None);
    }

    /// Sends a message and waits for the answer, or for [`Options::rpc_response_timeout`](model::Options).
    pub async fn call(&self, from: &Address, to: Address, message: Message) -> Reply {
        let (sender, receiver) = oneshot::channel();
        self.send(from, to, message, Some(sender));
        let answer = async {
            match receiver.await {
                Ok(reply) => reply,
                // Whoever took the message died; nobody tells the caller.
                Err(_) => std::future::pending().await,
            }
        };
        match tokio::time::timeout(self.inner.timeout, answer).await {
            Ok(reply) => reply,
            Err(_) => Err(NovaError::new(
                ExceptionClass::MessagingTimeout,
                "Timed out waiting for a reply to message",
            )),
        }
    }

    /// How many messages wait where nobody listens.
    pub fn waiting(&self) -> usize {
        self.inner.state.borrow().queues.values().map(|queue| queue.waiting.len()).sum()
    }

    fn send(&self, from: &Address, to: Address, message: Message, answer: Option<oneshot::Sender<Reply>>) {
        let inner = &self.inner;
        let id = {
            let mut state = inner.state.borrow_mut();
            state.sent += 1;
            state.sent
        };
        inner.trace.record(|| TraceEvent::MessageSent {
            id,
            from: from.clone(),
            to: to.clone(),
            method: message.method.name(),
            server: message.server,
            call: answer.is_some(),
            args: serde_json::to_value(&message.method).unwrap_or_default(),
        });
        self.deliver(to, Parcel { id, message, answer, counted: false });
    }

    fn deliver(&self, to: Address, parcel: Parcel) {
        let bus = self.clone();
        let delay = self.delay_to(&to);
        self.inner.tasks.spawn(async move {
            if !delay.is_zero() {
                bus.inner.clock.sleep(delay).await;
            }
            bus.hand_over(to, parcel).await;
        });
    }

    /// How long the next delivery to `to` takes, so that it does not overtake the one before.
    fn delay_to(&self, to: &Address) -> Duration {
        let Delays::UpTo { milliseconds, random } = &self.inner.delays else { return Duration::ZERO };
        let now = self.inner.clock.now();
        let arrival = now.after(Duration::from_millis(random.below(milliseconds + 1)));
        let mut state = self.inner.state.borrow_mut();
        let queue = state.queues.entry(to.clone()).or_default();
        // Strictly later: timers of one instant have no order among themselves.
        queue.busy_until = queue.busy_until.after(Duration::from_millis(1)).max(arrival);
        queue.busy_until.since(now)
    }

    async fn hand_over(&self, to: Address, parcel: Parcel) {
        let Some((mut handler, mut parcel)) = self.taker(&to, parcel) else { return };
        match self.strike(&to, &mut parcel) {
            None => {}
            Some(MessageFault::Lost) if self.inner.delivery.arrives => return self.send_again(to, parcel),
            Some(MessageFault::Lost) => return,
            Some(MessageFault::Crash) => match handler.die(parcel.message) {
                Some(message) => parcel.message = message,
                None => return,
            },
            Some(fault @ (MessageFault::Late | MessageFault::Slow)) => {
                match fault {
                    MessageFault::Slow => self.hold_back(&to).await,
                    _ => self.inner.clock.sleep(LATE).await,
                }
                // Who would have taken it may be gone by now.
                let Some(taken) = self.taker(&to, parcel) else { return };
                (handler, parcel) = taken;
            }
            Some(MessageFault::Twice) => {
                let second = Parcel { answer: None, message: parcel.message.clone(), ..parcel };
                let (bus, handler, to) = (self.clone(), Rc::clone(&handler), to.clone());
                self.inner.tasks.spawn(async move { bus.carry_out(&*handler, to, second).await });
            }
        }
        self.carry_out(&*handler, to, parcel).await;
    }

    /// Who takes a message now. If nobody does it waits, also behind a slow one.
    fn taker(&self, to: &Address, parcel: Parcel) -> Option<(Rc<dyn Handler>, Parcel)> {
        let mut state = self.inner.state.borrow_mut();
        let queue = state.queues.entry(to.clone()).or_default();
        if let Some(behind) = &mut queue.behind {
            behind.push_back(parcel);
            return None;
        }
        if let Some(handler) = &queue.handler {
            return Some((Rc::clone(handler), parcel));
        }
        queue.waiting.push_back(parcel);
        let lost = (queue.waiting.len() > MAX_WAITING).then(|| queue.waiting.pop_front()).flatten();
        drop(state);
        if let Some(lost) = lost {
            let method = lost.message.method.name();
            self.inner.trace.log(to, "error", || {
                format!("nobody takes messages and {MAX_WAITING} wait: {method} is lost")
            });
        }
        None
    }

    /// Counts a delivery. Answers what strikes it, if anything does.
    fn strike(&self, to: &Address, parcel: &mut Parcel) -> Option<MessageFault> {
        if std::mem::replace(&mut parcel.counted, true) {
            return None;
        }
        let (point, fault) = self.inner.faults.next(to, parcel.message.method.name())?;
        let point = point.to_string();
        self.inner
            .trace
            .record(|| TraceEvent::FaultInjected { point, fault: format!("the message {fault}") });
        Some(fault)
    }

    /// Sends a message again that nobody took, unless whoever called with it has given up by then.
    fn send_again(&self, to: Address, parcel: Parcel) {
        let bus = self.clone();
        self.inner.tasks.spawn(async move {
            bus.inner.clock.sleep(SENT_AGAIN_AFTER).await;
            let given_up = parcel.answer.as_ref().is_some_and(oneshot::Sender::is_closed);
            bus.inner.trace.log(&to, "warning", || {
                let (id, method) = (parcel.id, parcel.message.method.name());
                let what = if given_up { "its caller has given up" } else { "it is sent again" };
                format!("nobody took message {id} ({method}): {what}")
            });
            if !given_up {
                bus.deliver(to, parcel);
            }
        });
    }

    /// Lets a message wait, and all that arrive behind it at the same service. Those are handed over right after it.
    async fn hold_back(&self, to: &Address) {
        let queue_of = |change: &mut dyn FnMut(&mut Queue)| {
            change(self.inner.state.borrow_mut().queues.entry(to.clone()).or_default());
        };
        queue_of(&mut |queue| queue.behind = Some(VecDeque::new()));
        self.inner.clock.sleep(LATE).await;
        let mut behind = VecDeque::new();
        queue_of(&mut |queue| behind = queue.behind.take().unwrap_or_default());
        for parcel in behind {
            let (bus, to) = (self.clone(), to.clone());
            self.inner.tasks.spawn(async move { bus.hand_over(to, parcel).await });
        }
    }

    fn queue_takes(&self, to: &Address, id: u64) -> bool {
        self.inner.state.borrow_mut().queues.entry(to.clone()).or_default().take(id)
    }

    /// Has a message carried out and its answer sent.
    async fn carry_out(&self, handler: &dyn Handler, to: Address, parcel: Parcel) {
        let Parcel { id, message, answer, .. } = parcel;
        let method = message.method.name();
        if self.inner.delivery.once && !self.queue_takes(&to, id) {
            self.inner.trace.log(&to, "warning", || {
                format!("message {id} ({method}) was taken before: the second one is dropped")
            });
            return;
        }
        self.inner.trace.record(|| TraceEvent::MessageDelivered { id, to: to.clone(), method });
        let context = message.context.clone();
        let Some(reply) = handler.handle(message).await else { return };
        self.inner.trace.record(|| TraceEvent::MessageHandled {
            id,
            to,
            method,
            error: reply.as_ref().err().map(ToString::to_string),
        });
        match (answer, reply) {
            (Some(answer), reply) => {
                // A caller that gave up does not want the answer any more.
                let _ = answer.send(reply);
            }
            (None, Err(error)) => {
                let hear = self.inner.state.borrow().on_failed_cast.clone();
                if let Some(hear) = hear {
                    hear(&context, &error);
                }
            }
            (None, Ok(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests;
