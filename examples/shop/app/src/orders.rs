//! Orders in the database that all replicas share.

use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{OptsBuilder, Pool, PoolConstraints, PoolOpts, TxOpts, params};
use serde_json::{Value, json};

use crate::Result;
use crate::config::Database;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS orders (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    item VARCHAR(200) NOT NULL,
    quantity INT UNSIGNED NOT NULL,
    state ENUM('new', 'done') NOT NULL DEFAULT 'new',
    KEY by_state (state, id)
)";

/// How long the database may think about one answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub struct Orders {
    pool: Pool,
}

impl Orders {
    /// One connection is made now, so that a wrong password shows at once.
    pub fn connect(database: &Database) -> Result<Self> {
        let constraints =
            PoolConstraints::new(1, database.pool).ok_or("DB_POOL must be at least 1")?;
        let options = OptsBuilder::new()
            .ip_or_hostname(Some(&database.host))
            .tcp_port(database.port)
            .prefer_socket(false)
            // A database that lost its node answers nothing, not even that it is gone.
            .tcp_connect_timeout(Some(PATIENCE))
            .read_timeout(Some(PATIENCE))
            .write_timeout(Some(PATIENCE))
            .db_name(Some(&database.name))
            .user(Some(&database.user))
            .pass(Some(&database.password))
            .pool_opts(PoolOpts::default().with_constraints(constraints));
        Ok(Self { pool: Pool::new(options)? })
    }

    pub fn migrate(&self) -> Result<()> {
        Ok(self.pool.get_conn()?.query_drop(SCHEMA)?)
    }

    pub fn ping(&self) -> Result<()> {
        Ok(self.pool.get_conn()?.query_drop("SELECT 1")?)
    }

    /// Takes an order and gives its number.
    pub fn add(&self, item: &str, quantity: u32) -> Result<u64> {
        let mut connection = self.pool.get_conn()?;
        let insert = "INSERT INTO orders (item, quantity) VALUES (:item, :quantity)";
        connection.exec_drop(insert, params! { item, quantity })?;
        Ok(connection.last_insert_id())
    }

    /// The latest orders, as they are shown.
    pub fn latest(&self) -> Result<Value> {
        let select = "SELECT id, item, quantity, state FROM orders ORDER BY id DESC LIMIT 50";
        let show = |(id, item, quantity, state): (u64, String, u32, String)| json!({ "id": id, "item": item, "quantity": quantity, "state": state });
        Ok(self.pool.get_conn()?.query_map(select, show)?.into())
    }

    /// Finishes one order. Rows that another worker holds are skipped, so that workers multiply.
    pub fn work_on_one(&self) -> Result<Option<u64>> {
        let mut transaction = self.pool.start_transaction(TxOpts::default())?;
        let next = "SELECT id FROM orders WHERE state = 'new' ORDER BY id LIMIT 1
                    FOR UPDATE SKIP LOCKED";
        let id: Option<u64> = transaction.query_first(next)?;
        if let Some(id) = id {
            let done = "UPDATE orders SET state = 'done' WHERE id = :id";
            transaction.exec_drop(done, params! { id })?;
        }
        transaction.commit()?;
        Ok(id)
    }
}
