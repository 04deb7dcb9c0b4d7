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

#[test]
fn a_message_on_its_way_is_taken_by_the_service_that_is_there_when_it_arrives() {
    for fault in [MessageFault::Late, MessageFault::Slow] {
        simulate(|| async move {
            let (bus, tasks) = bus(Delays::None);
            let recorder = || Rc::new(Recorder(RefCell::default()));
            let (first, second) = (recorder(), recorder());
            bus.faults().add("conductor:start_instance".parse().unwrap(), fault);
            bus.listen(Address::Conductor, Rc::clone(&first) as Rc<dyn Handler>);
            bus.cast(&Address::Api, Address::Conductor, message(1, Method::StartInstance));
            tokio::time::sleep(LATE / 2).await;
            bus.leave(&Address::Conductor);
            tasks.at_rest().await;
            assert_eq!(bus.waiting(), 1);
            bus.listen(Address::Conductor, Rc::clone(&second) as Rc<dyn Handler>);
            tasks.at_rest().await;
            let arrived = [&first, &second].map(|recorder| recorder.0.borrow().len());
            assert_eq!((arrived, bus.waiting()), ([0, 1], 0), "{fault}");
        })
        .unwrap();
    }
}
