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
        self.deliver(to, Parcel { id, message, answer });
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
        let handler = {
            let mut state = self.inner.state.borrow_mut();
            let queue = state.queues.entry(to.clone()).or_default();
            if let Some(behind) = &mut queue.behind {
                behind.push_back(parcel);
                return;
            }
            match &queue.handler {
                Some(handler) => Rc::clone(handler),
                None => {
                    queue.waiting.push_back(parcel);
                    let lost =
                        (queue.waiting.len() > MAX_WAITING).then(|| queue.waiting.pop_front()).flatten();
                    drop(state);
                    if let Some(lost) = lost {
                        let method = lost.message.method.name();
                        self.inner.trace.log(&to, "error", || {
                            format!("nobody takes messages and {MAX_WAITING} wait: {method} is lost")
                        });
                    }
                    return;
                }
            }
        };
        let Parcel { id, mut message, answer } = parcel;
        let method = message.method.name();
        let fault = self.inner.faults.next(&to, method).map(|(point, fault)| {
            let point = point.to_string();
            self.inner
                .trace
                .record(|| TraceEvent::FaultInjected { point, fault: format!("the message {fault}") });
            fault
        });
        match fault {
            None => {}
            Some(MessageFault::Lost) if self.inner.delivery.arrives => {
                return self.send_again(to, Parcel { id, message, answer });
            }
            Some(MessageFault::Lost) => return,
            Some(MessageFault::Crash) => match handler.die(message) {
                Some(taken) => message = taken,
                None => return,
            },
            Some(MessageFault::Late) => self.inner.clock.sleep(LATE).await,
            Some(MessageFault::Slow) => self.hold_back(&to).await,
            Some(MessageFault::Twice) => {
                let (bus, handler, to, message) =
                    (self.clone(), Rc::clone(&handler), to.clone(), message.clone());
                self.inner.tasks.spawn(async move {
                    bus.carry_out(&*handler, to, Parcel { id, message, answer: None }).await;
                });
            }
        }
        self.carry_out(&*handler, to, Parcel { id, message, answer }).await;
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
        let Parcel { id, message, answer } = parcel;
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
mod tests {
    use super::*;
    use crate::simulation::simulate;
    use model::rpc::{Method, RequestContext};
    use model::{ServerId, Timestamp};

    struct Recorder(RefCell<Vec<ServerId>>);

    #[async_trait(?Send)]
    impl Handler for Recorder {
        async fn handle(&self, message: Message) -> Option<Reply> {
            self.0.borrow_mut().push(message.server);
            if message.method == Method::StopInstance {
                return Some(Err(NovaError::instance_not_found(message.server)));
            }
            Some(Ok(Answer::Done))
        }

        fn die(&self, _message: Message) -> Option<Message> {
            self.0.borrow_mut().clear();
            None
        }
    }

    fn message(number: u128, method: Method) -> Message {
        Message {
            context: RequestContext {
                request: "req-1".into(),
                project_id: "p".into(),
                user_id: "u".into(),
                is_admin: false,
            },
            server: ServerId(uuid::Uuid::from_u128(number)),
            method,
        }
    }

    fn bus(delays: Delays) -> (Bus, Tasks) {
        bus_with(delays, Delivery::default())
    }

    fn bus_with(delays: Delays, delivery: Delivery) -> (Bus, Tasks) {
        let clock = Clock::starting_at(Timestamp::SIMULATION_START);
        let tasks = Tasks::default();
        let timeout = Duration::from_secs(60);
        (Bus::new(clock, Trace::off(clock), tasks.clone(), delays, delivery, timeout), tasks)
    }

    fn order_of_arrival(delays: fn() -> Delays) -> Vec<u128> {
        simulate(|| async move {
            let (bus, tasks) = bus(delays());
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            for number in 0..20 {
                bus.cast(&Address::Api, Address::Conductor, message(number, Method::StartInstance));
            }
            tasks.at_rest().await;
            recorder.0.take().into_iter().map(|id| id.0.as_u128()).collect()
        })
        .unwrap()
    }

    #[test]
    fn messages_to_one_address_arrive_in_the_order_they_were_sent_delayed_or_not() {
        let sent: Vec<u128> = (0..20).collect();
        assert_eq!(order_of_arrival(|| Delays::None), sent);
        assert_eq!(
            order_of_arrival(|| Delays::UpTo { milliseconds: 50, random: Randomness::from_seed(3) }),
            sent
        );
    }

    #[test]
    fn a_call_returns_the_handlers_error_and_times_out_when_nobody_listens() {
        simulate(|| async {
            let (bus, _tasks) = bus(Delays::None);
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, recorder);
            let refused = bus.call(&Address::Api, Address::Conductor, message(1, Method::StopInstance)).await;
            assert_eq!(refused.unwrap_err().class, ExceptionClass::InstanceNotFound);
            let nobody = Address::Compute("host1".into());
            let silent = bus.call(&Address::Api, nobody, message(1, Method::StopInstance)).await;
            assert_eq!(silent.unwrap_err().class, ExceptionClass::MessagingTimeout);
        })
        .unwrap();
    }

    /// What arrives of five messages when the second is struck.
    fn arrivals_with(fault: MessageFault, delivery: Delivery) -> Vec<u128> {
        simulate(|| async move {
            let (bus, tasks) = bus_with(Delays::None, delivery);
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            let point = "conductor:start_instance#2".parse::<crate::MessagePoint>().unwrap();
            bus.faults().add(point.clone(), fault);
            for number in 1..=5 {
                bus.cast(&Address::Api, Address::Conductor, message(number, Method::StartInstance));
            }
            tasks.at_rest().await;
            assert_eq!(bus.faults().struck(), [point]);
            recorder.0.take().into_iter().map(|id| id.0.as_u128()).collect()
        })
        .unwrap()
    }

    #[test]
    fn a_message_can_be_lost_or_late_or_arrive_twice_or_kill_who_takes_it() {
        let arrivals_with = |fault| arrivals_with(fault, Delivery::default());
        assert_eq!(arrivals_with(MessageFault::Lost), [1, 3, 4, 5]);
        assert_eq!(arrivals_with(MessageFault::Late), [1, 3, 4, 5, 2]);
        // Those behind a slow one do not overtake it.
        assert_eq!(arrivals_with(MessageFault::Slow), [1, 2, 3, 4, 5]);
        assert_eq!(arrivals_with(MessageFault::Twice), [1, 2, 3, 4, 5, 2]);
        assert_eq!(arrivals_with(MessageFault::Crash), [3, 4, 5]);
    }

    #[test]
    fn a_message_that_nobody_took_is_sent_again_and_a_second_copy_is_dropped_where_that_is_promised() {
        let arrives = Delivery { arrives: true, once: false };
        assert_eq!(arrivals_with(MessageFault::Lost, arrives), [1, 3, 4, 5, 2]);
        assert_eq!(arrivals_with(MessageFault::Twice, arrives), [1, 2, 3, 4, 5, 2]);
        let once = Delivery { arrives: false, once: true };
        assert_eq!(arrivals_with(MessageFault::Twice, once), [1, 2, 3, 4, 5]);
        assert_eq!(arrivals_with(MessageFault::Lost, once), [1, 3, 4, 5]);
    }

    #[test]
    fn a_second_copy_of_a_call_is_dropped_whichever_comes_first_and_the_caller_gets_its_answer() {
        simulate(|| async {
            let delivery = Delivery { arrives: true, once: true };
            let (bus, tasks) = bus_with(Delays::None, delivery);
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            for (n, fault) in [(1, MessageFault::Twice), (2, MessageFault::Lost)] {
                let point = format!("conductor:start_instance#{n}").parse().unwrap();
                bus.faults().add(point, fault);
                let call = bus.call(&Address::Api, Address::Conductor, message(n, Method::StartInstance));
                assert_eq!(call.await, Ok(Answer::Done), "{fault}");
            }
            tasks.at_rest().await;
            assert_eq!(recorder.0.borrow().len(), 2);
        })
        .unwrap();
    }

    #[test]
    fn a_call_whose_caller_has_given_up_is_not_sent_again() {
        simulate(|| async {
            let clock = Clock::starting_at(Timestamp::SIMULATION_START);
            let (tasks, delivery) = (Tasks::default(), Delivery { arrives: true, once: false });
            let timeout = SENT_AGAIN_AFTER - Duration::from_secs(1);
            let bus = Bus::new(clock, Trace::off(clock), tasks.clone(), Delays::None, delivery, timeout);
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            bus.faults().add("conductor:start_instance#1".parse().unwrap(), MessageFault::Lost);
            let call = bus.call(&Address::Api, Address::Conductor, message(1, Method::StartInstance));
            assert_eq!(call.await.unwrap_err().class, ExceptionClass::MessagingTimeout);
            tasks.at_rest().await;
            assert!(recorder.0.borrow().is_empty());
        })
        .unwrap();
    }

    #[test]
    fn of_the_messages_that_were_taken_the_newest_are_remembered() {
        let mut queue = Queue::default();
        let most = MAX_REMEMBERED as u64;
        assert!((0..=most).all(|id| queue.take(id)));
        assert!(!queue.take(most) && !queue.take(1));
        assert_eq!(queue.taken.len(), MAX_REMEMBERED);
    }

    #[test]
    fn a_slow_message_takes_its_time_and_those_behind_it_too_and_who_watches_is_told() {
        simulate(|| async {
            let (bus, tasks) = bus(Delays::None);
            let slow: crate::MessagePoint = "conductor:start_instance#1".parse().unwrap();
            bus.faults().add(slow.clone(), MessageFault::Slow);
            let others = Address::Compute("host1".into());
            let recorders = [Address::Conductor, others.clone()].map(|address| {
                let recorder = Rc::new(Recorder(RefCell::default()));
                bus.listen(address, Rc::clone(&recorder) as Rc<dyn Handler>);
                recorder
            });
            let struck = bus.faults().strikes(slow);
            bus.cast(&Address::Api, Address::Conductor, message(1, Method::StartInstance));
            bus.cast(&Address::Api, Address::Conductor, message(2, Method::StartInstance));
            bus.cast(&Address::Api, others, message(3, Method::StartInstance));
            struck.await;
            bus.inner.clock.sleep(LATE - Duration::from_millis(1)).await;
            let arrived = || recorders.each_ref().map(|recorder| recorder.0.borrow().len());
            assert_eq!(arrived(), [0, 1]);
            tasks.at_rest().await;
            assert_eq!(arrived(), [2, 1]);
        })
        .unwrap();
    }

    #[test]
    fn who_called_with_a_message_that_was_lost_learns_it_when_the_time_is_over() {
        simulate(|| async {
            let (bus, _tasks) = bus(Delays::None);
            bus.listen(Address::Conductor, Rc::new(Recorder(RefCell::default())));
            bus.faults().add("conductor:start_instance#1".parse().unwrap(), MessageFault::Lost);
            let call = || bus.call(&Address::Api, Address::Conductor, message(1, Method::StartInstance));
            assert_eq!(call().await.unwrap_err().class, ExceptionClass::MessagingTimeout);
            assert_eq!(call().await, Ok(Answer::Done));
        })
        .unwrap();
    }

    #[test]
    fn messages_for_a_service_that_is_away_wait_until_it_listens() {
        simulate(|| async {
            let (bus, tasks) = bus(Delays::None);
            bus.cast(&Address::Api, Address::Conductor, message(7, Method::StartInstance));
            tasks.at_rest().await;
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            tasks.at_rest().await;
            assert_eq!(recorder.0.borrow().len(), 1);
        })
        .unwrap();
    }

    #[test]
    fn of_too_many_messages_that_wait_the_oldest_are_lost() {
        simulate(|| async {
            let (bus, tasks) = bus(Delays::None);
            let most = MAX_WAITING as u128;
            for number in 0..most + 3 {
                bus.cast(&Address::Api, Address::Conductor, message(number, Method::StartInstance));
            }
            tasks.at_rest().await;
            assert_eq!(bus.waiting(), MAX_WAITING);
            let recorder = Rc::new(Recorder(RefCell::default()));
            bus.listen(Address::Conductor, Rc::clone(&recorder) as Rc<dyn Handler>);
            tasks.at_rest().await;
            let taken = recorder.0.take();
            assert_eq!((taken.len(), taken[0].0.as_u128()), (MAX_WAITING, 3));
        })
        .unwrap();
    }
}
